//! What mails look like (ACC-3). Mail programs know little of style sheets, so each element says its own colours; one small
//! style sheet turns them dark for who leaves that to the mail program. Programs that ignore it show the light mail.

use pass_types::Appearance;

/// The colours of a mail.
pub struct Look {
    /// For `color-scheme`.
    pub scheme: &'static str,
    /// Dark where the mail program is.
    pub adapts: bool,
    /// Around the paper.
    pub ground: &'static str,
    /// Behind the text.
    pub paper: &'static str,
    /// The text.
    pub ink: &'static str,
    /// What matters less.
    pub soft: &'static str,
    /// Links and the button.
    pub accent: &'static str,
    /// On the button.
    pub accent_ink: &'static str,
    /// Beside a quotation.
    pub line: &'static str,
}

const LIGHT: Look = Look {
    scheme: "light",
    adapts: false,
    ground: "#f4f6f5",
    paper: "#ffffff",
    ink: "#1d2b26",
    soft: "#52635c",
    accent: "#1f7a5a",
    accent_ink: "#ffffff",
    line: "#bfe3d3",
};

const DARK: Look = Look {
    scheme: "dark",
    adapts: false,
    ground: "#10161a",
    paper: "#182026",
    ink: "#e8eeeb",
    soft: "#a3b1ac",
    accent: "#4fd1a5",
    accent_ink: "#06231a",
    line: "#2b5a4a",
};

impl Look {
    /// The one that the recipient chose.
    pub fn of(appearance: Appearance) -> Self {
        match appearance {
            Appearance::Light => LIGHT,
            Appearance::Dark => DARK,
            Appearance::System => Self { scheme: "light dark", adapts: true, ..LIGHT },
        }
    }

    /// Its style sheet; empty: it needs none.
    pub fn sheet(&self) -> String {
        if !self.adapts {
            return String::new();
        }
        let Self { ground, paper, ink, soft, accent, accent_ink, line, .. } = DARK;
        format!(
            "@media (prefers-color-scheme:dark){{\
             .ground{{background:{ground}!important;color:{ink}!important}}\
             .paper{{background:{paper}!important}}\
             .soft{{color:{soft}!important}}\
             .accent{{color:{accent}!important}}\
             .button{{background:{accent}!important;color:{accent_ink}!important}}\
             .quote{{border-color:{line}!important}}}}"
        )
    }
}
