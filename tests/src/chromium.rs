//! A real browser: Debian's Chromium, driven over `WebDriver` by what a person sees and types. Each has a
//! fresh profile and a driver of its own, which end with it.

use pass_testkit::wait_for;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};
use thirtyfour::{
    By, ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities, Key, LoggingPrefsLogLevel,
    TypingData, WebDriver, WebElement, cookie::Cookie,
};
use url::Url;

/// How long a person waits for what should be there.
const PATIENCE: Duration = Duration::from_secs(15);

/// Facts of notes.md, "Browser": nothing of its own accord, and no sandbox, which needs more than containers give.
const SWITCHES: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
];

/// How a person has set up the browser.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// The preferred language (a tag of Accept-Language).
    pub language: &'static str,
    /// Whether pages may run scripts.
    pub scripts: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { language: "en", scripts: true }
    }
}

/// One browser with one window.
#[derive(Debug)]
pub struct Chromium {
    // Dropped in this order: the session before its driver.
    window: WebDriver,
    _driver: Driver,
}

/// The driver's process. Closing its input ends it (chromium.sh).
#[derive(Debug)]
struct Driver {
    input: Option<ChildStdin>,
    process: Child,
    port: u16,
    folder: String,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("sh")
            .args(["-c", include_str!("chromium.sh"), "pass-tests"])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let lines = BufReader::new(process.stdout.take().expect("was piped")).lines();
        let mut driver = Self { input: process.stdin.take(), process, port: 0, folder: String::new() };
        let mut said = String::new();
        for line in lines.map_while(Result::ok) {
            if let Some(folder) = line.strip_prefix("folder ") {
                folder.clone_into(&mut driver.folder);
            } else if let Some((_, port)) = line.split_once("successfully on port ") {
                driver.port = port.trim_end_matches('.').parse().expect("a port");
                return driver;
            }
            said = line;
        }
        panic!("chromedriver does not start: {said}");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

impl Chromium {
    /// Starts one with a fresh profile.
    pub async fn start(setup: Setup) -> Self {
        let driver = tokio::task::spawn_blocking(Driver::start).await.expect("chromedriver starts");
        let capabilities = capabilities(setup, &driver.folder).expect("valid capabilities");
        let address = format!("http://127.0.0.1:{}", driver.port);
        let window = WebDriver::new(address, capabilities).await.expect("Chromium starts");
        Self { window, _driver: driver }
    }

    /// Types an address.
    pub async fn open(&self, url: impl AsRef<str>) {
        self.window.goto(url.as_ref()).await.unwrap_or_else(|error| panic!("{}: {error}", url.as_ref()));
    }

    /// Where the window is.
    pub async fn address(&self) -> Url {
        self.window.current_url().await.expect("an address")
    }

    /// Clicks the link or button with exactly that text or name, and waits for the page that it leads to.
    pub async fn click(&self, name: &str) {
        let called = format!("normalize-space(.)={0} or @aria-label={0}", quoted(name));
        let path = format!("//a[{called}] | //button[{called}]");
        let element = self.visible(&path).await;
        self.leave(async || element.click().await.expect("what is visible can be clicked")).await;
    }

    /// Does something that leads to another page, and waits until the old one is gone.
    pub async fn leave(&self, deed: impl AsyncFnOnce()) {
        let old = self.window.find(By::Tag("html")).await.expect("a page");
        deed().await;
        self.until("another page", async || old.tag_name().await.is_err()).await;
    }

    /// Fills in the field with that label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.expect("a field that can be changed");
        field.send_keys(text).await.expect("a field that can be typed into");
    }

    /// Ticks the box or choice with that label.
    pub async fn tick(&self, label: &str) {
        let path = format!("//label[.//input][.//*[normalize-space(.)={}]]", quoted(label));
        self.visible(&path).await.click().await.expect("a choice that can be clicked");
    }

    /// Picks an option of the list with that label.
    pub async fn pick(&self, label: &str, option: &str) {
        let list = self.field(label).await;
        let path = format!(".//option[normalize-space(.)={}]", quoted(option));
        list.find(By::XPath(path)).await.expect("an option").click().await.expect("it can be picked");
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.window.action_chain().send_keys(keys).perform().await.expect("a keyboard");
    }

    /// Presses Shift and Tab: back to what had the focus before.
    pub async fn press_back(&self) {
        let keys = self.window.action_chain().key_down(Key::Shift).send_keys(Key::Tab).key_up(Key::Shift);
        keys.perform().await.expect("a keyboard");
    }

    /// What has the focus.
    pub async fn focused(&self) -> WebElement {
        self.window.active_element().await.expect("something has the focus")
    }

    /// Waits until the page shows that text.
    pub async fn sees(&self, text: &str) {
        self.until(text, async || self.text("body").await.is_some_and(|body| body.contains(text))).await;
    }

    /// Waits until what a CSS selector finds shows exactly that text.
    pub async fn reads(&self, selector: &str, text: &str) {
        let what = format!("{selector}: {text}");
        self.until(&what, async || self.text(selector).await.as_deref() == Some(text)).await;
    }

    /// The visible text of what a CSS selector finds, if it is there.
    pub async fn text(&self, selector: &str) -> Option<String> {
        self.window.find(By::Css(selector)).await.ok()?.text().await.ok()
    }

    /// What a CSS selector finds.
    pub async fn find(&self, selector: &str) -> WebElement {
        self.until(selector, async || self.window.find(By::Css(selector)).await.ok()).await
    }

    /// The cookies of the site that the window is at.
    pub async fn cookies(&self) -> Vec<Cookie> {
        self.window.get_all_cookies().await.expect("cookies")
    }

    /// What the console says since it was asked last: scripts, refused content, broken policies.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.window.browser_log().await.expect("a console");
        entries.into_iter().map(|entry| format!("{} {}", entry.level, entry.message)).collect()
    }

    /// Closes the window. Panics when the console has complained about anything.
    #[track_caller]
    pub fn close(self) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let complaints = self.complaints().await;
            self.window.quit().await.expect("Chromium ends");
            assert!(complaints.is_empty(), "{caller}: the console says {complaints:#?}");
        }
    }

    /// Waits for something that a person waits for; else panics with what the window shows.
    pub async fn until<C: pass_testkit::Condition>(
        &self,
        what: &str,
        condition: impl AsyncFnMut() -> C,
    ) -> C::Value {
        if let Ok(value) = tokio::time::timeout(PATIENCE, wait_for(condition)).await {
            return value;
        }
        let (address, text) = (self.address().await, self.text("body").await.unwrap_or_default());
        panic!("{what:?} does not come at {address}:\n{text}\n{:#?}", self.complaints().await);
    }

    /// Clicks the words, or what is called so, that unfold more of the page.
    pub async fn unfold(&self, words: &str) {
        let path = format!("//summary[normalize-space(.)={0} or @aria-label={0}]", quoted(words));
        self.visible(&path).await.click().await.expect("what is visible can be clicked");
    }

    /// Plugs in a security key whose person touches it at once, and verifies themselves if asked: `transport` is "usb"
    /// for one of its own, "internal" for the device itself (WebAuthn's virtual authenticators).
    pub async fn plug_in(&self, transport: &str) {
        self.tools("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        self.tools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
    }

    async fn field(&self, label: &str) -> WebElement {
        let path = format!("//label[starts-with(normalize-space(.), {})]", quoted(label));
        let label = self.visible(&path).await;
        let id = label.attr("for").await.expect("an element").expect("a label says of which field it is");
        self.window.find(By::Id(id)).await.expect("a label's field")
    }

    async fn visible(&self, path: &str) -> WebElement {
        self.until(path, async || {
            // The first may be in something that is folded.
            for element in self.window.find_all(By::XPath(path)).await.ok()? {
                if element.is_displayed().await.ok()? {
                    return Some(element);
                }
            }
            None
        })
        .await
    }
}

/// How it looks: for pictures.
impl Chromium {
    /// Makes the window that wide, and lets the system be light or dark.
    pub async fn dress(&self, width: u32, dark: bool) {
        let height = if width < 600 { 844 } else { 800 };
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.tools("Emulation.setDeviceMetricsOverride", screen).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        // Colours would else be on their way from one to the other.
        let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        self.tools("Emulation.setEmulatedMedia", json!({ "features": [scheme, still] })).await;
    }

    /// A picture of the whole page, as PNG.
    pub async fn picture(&self, file: &Path) {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let answer = self.tools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let picture = STANDARD.decode(answer["data"].as_str().expect("a picture")).expect("base64");
        tokio::fs::write(file, picture).await.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Takes the computer to another time zone.
    pub async fn travel(&self, zone: &str) {
        self.tools("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })).await;
    }

    /// How much of the page is to the right of the window: people would have to scroll sideways.
    pub async fn overflow(&self) -> i64 {
        let width = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.evaluate(width).await.as_i64().expect("a number")
    }

    /// What a script of the developer tools says about the page.
    pub async fn evaluate(&self, expression: &str) -> Value {
        self.tools("Runtime.evaluate", json!({ "expression": expression })).await["result"]["value"].take()
    }

    async fn tools(&self, command: &str, parameters: Value) -> Value {
        let answer = self.window.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }
}

fn capabilities(setup: Setup, folder: &str) -> thirtyfour::error::WebDriverResult<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for switch in SWITCHES {
        capabilities.add_arg(switch)?;
    }
    capabilities.add_arg("--window-size=1280,900")?;
    capabilities.add_arg(&format!("--lang={}", setup.language))?;
    capabilities.add_arg(&format!("--user-data-dir={folder}/profile"))?;
    let scripts = if setup.scripts { 1 } else { 2 };
    capabilities.add_experimental_option(
        "prefs",
        json!({
            "intl.accept_languages": setup.language,
            "profile.managed_default_content_settings.javascript": scripts,
            "credentials_enable_service": false,
        }),
    )?;
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}

/// A string of `XPath` 1.0, which knows no escapes.
fn quoted(text: &str) -> String {
    assert!(!text.contains('"'), "XPath can't say {text}");
    format!("\"{text}\"")
}
