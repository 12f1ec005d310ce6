//! The sample product's legacy spaces: spaces with users and passwords of their own, from before there were
//! Nulab Accounts (SPC). Read it as an example of what such a product adds: a directory that identity asks
//! (`directory`), a login page with two ways in (`login`), pages that show who somebody is in the space (`pages`).

mod directory;
mod login;
mod pages;
mod settings;
mod tries;
mod words;

pub(crate) use directory::directory;
pub(crate) use login::Logins;
pub(crate) use pages::routes;
pub(crate) use tries::Tries;

use argon2::{
    Argon2,
    password_hash::{self, PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use pass_types::{Entropy, SharedClock};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Why there are no legacy spaces.
#[derive(Debug, thiserror::Error)]
pub enum SpacesError {
    /// A file can't be read or written.
    #[error("{} can't be read or written", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file has something else in it.
    #[error("{} does not describe legacy spaces", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A password can't be hashed.
    #[error("hashing a password: {0}")]
    Hash(password_hash::Error),
}

/// A space as somebody wants it: an item of the file that `pass-demo backlog --spaces` reads.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSpace {
    /// 1-64 lower-case letters, digits or hyphens.
    pub space_id: String,
    /// For people.
    pub name: String,
    /// Whether its administrators let people log in with a Nulab Account (SPC-1).
    #[serde(default)]
    pub nulab_account: bool,
    /// Its people.
    pub users: Vec<NewUser>,
}

/// A user of such a space.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// What the user types.
    pub user_id: String,
    /// As the space shows the user.
    pub name: String,
    /// Likewise.
    pub email: String,
    /// The space's own. Only its hash is kept.
    pub password: String,
    /// Whether the user runs the space.
    #[serde(default)]
    pub administrator: bool,
}

/// A space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Space {
    pub(crate) name: String,
    /// The administrators' switch (SPC-1).
    pub(crate) nulab_account: bool,
    pub(crate) users: Vec<User>,
}

/// A user of a space.
#[expect(clippy::struct_field_names, reason = "what a user types is called the user ID")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    /// Permanent, and never given to anybody else.
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) administrator: bool,
    /// A PHC string of Argon2id.
    password: String,
}

/// All legacy spaces of the product, in memory and in a file.
#[derive(Clone)]
pub struct LegacySpaces(Arc<Inner>);

struct Inner {
    spaces: Mutex<BTreeMap<String, Space>>,
    /// `None`: a restart forgets them.
    file: Option<PathBuf>,
    /// The hash of a password that nobody has, so that checking takes as long for users that are not there.
    nobody: String,
}

impl LegacySpaces {
    /// Those that are kept in `folder`, and of `wanted` those that are not there yet.
    pub fn open(
        folder: Option<&Path>,
        wanted: Vec<NewSpace>,
        clock: &SharedClock,
        entropy: &Entropy,
    ) -> Result<Self, SpacesError> {
        let file = folder.map(|folder| folder.join("spaces.json"));
        let mut spaces = match &file {
            Some(file) if file.exists() => read(file)?,
            _ => BTreeMap::new(),
        };
        for NewSpace { space_id, name, nulab_account, users } in wanted {
            if let Entry::Vacant(place) = spaces.entry(space_id) {
                let users = users.into_iter().map(|user| User::new(user, clock, entropy));
                let users = users.collect::<Result<_, _>>().map_err(SpacesError::Hash)?;
                place.insert(Space { name, nulab_account, users });
            }
        }
        let nobody = hash(&entropy.string(32, b"abcdefghijklmnopqrstuvwxyz"), entropy);
        let nobody = nobody.map_err(SpacesError::Hash)?;
        let spaces = Self(Arc::new(Inner { spaces: Mutex::new(spaces), file, nobody }));
        spaces.save()?;
        Ok(spaces)
    }

    /// The spaces that a file wants.
    pub fn wanted(file: &Path) -> Result<Vec<NewSpace>, SpacesError> {
        read(file)
    }

    pub(crate) fn get(&self, space: &str) -> Option<Space> {
        self.all().get(space).cloned()
    }

    /// The administrators' switch.
    pub(crate) fn switch(&self, space: &str, nulab_account: bool) -> Result<(), SpacesError> {
        if let Some(space) = self.all().get_mut(space) {
            space.nulab_account = nulab_account;
        }
        self.save()
    }

    /// The user whose password it is.
    pub(crate) async fn check(&self, space: &Space, user_id: &str, password: String) -> Option<User> {
        let known = space.users.iter().find(|user| user.user_id == user_id).cloned();
        let stored = known.as_ref().map_or_else(|| self.0.nobody.clone(), |user| user.password.clone());
        let right = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&stored)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        if right.await.is_ok_and(|right| right) { known } else { None }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Space>> {
        self.0.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) -> Result<(), SpacesError> {
        let Some(file) = &self.0.file else { return Ok(()) };
        let failed = |source| SpacesError::File { path: file.clone(), source };
        let spaces = self.all();
        let text = serde_json::to_vec_pretty(&*spaces);
        let text = text.map_err(|source| SpacesError::Content { path: file.clone(), source })?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let part = file.with_extension("part");
        fs::write(&part, text).and_then(|()| fs::rename(part, file)).map_err(failed)
    }
}

impl Space {
    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }
}

impl User {
    fn new(user: NewUser, clock: &SharedClock, entropy: &Entropy) -> Result<Self, password_hash::Error> {
        let NewUser { user_id, name, email, password, administrator } = user;
        let id = entropy.uuid(clock.now()).to_string();
        Ok(Self { id, user_id, name, email, administrator, password: hash(&password, entropy)? })
    }
}

fn hash(password: &str, entropy: &Entropy) -> Result<String, password_hash::Error> {
    let salt = SaltString::encode_b64(&entropy.bytes::<16>())?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, SpacesError> {
    let text = fs::read(file).map_err(|source| SpacesError::File { path: file.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|source| SpacesError::Content { path: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_testkit::FakeClock;

    fn wanted() -> Vec<NewSpace> {
        let user = NewUser {
            user_id: "ken".to_owned(),
            name: "Ken".to_owned(),
            email: "ken@old.example".to_owned(),
            password: "a word of old".to_owned(),
            administrator: true,
        };
        let (space_id, name) = ("old".to_owned(), "Old Works".to_owned());
        vec![NewSpace { space_id, name, nulab_account: true, users: vec![user] }]
    }

    fn open(folder: &Path) -> LegacySpaces {
        let clock = FakeClock::default().shared();
        LegacySpaces::open(Some(folder), wanted(), &clock, &Entropy::from_seed(1)).unwrap()
    }

    #[tokio::test]
    async fn spaces_users_and_the_switch_are_kept_and_passwords_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let spaces = open(folder.path());
        let ken = spaces.get("old").unwrap().users.remove(0);
        spaces.switch("old", false).unwrap();
        let text = fs::read_to_string(folder.path().join("spaces.json")).unwrap();
        assert!(!text.contains("a word of old"), "{text}");

        let spaces = open(folder.path());
        let space = spaces.get("old").unwrap();
        assert!(!space.nulab_account, "what is there is not made again");
        assert_eq!(spaces.check(&space, "ken", "a word of old".to_owned()).await, Some(ken));
        assert_eq!(spaces.check(&space, "ken", "another".to_owned()).await, None);
        assert_eq!(spaces.check(&space, "nobody", "a word of old".to_owned()).await, None);
    }
}
