//! The zone: what is in it, kept in a file, and as the DNS server has it.

use hickory_server::proto::{
    ProtoError,
    rr::{
        Name, RData, Record, RecordSet, RecordType, RrKey,
        rdata::{NS, SOA, TXT},
    },
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many records a zone takes.
const MOST: usize = 500;
/// The longest text of a record, in bytes.
const LONGEST: usize = 2_000;
/// A character string of DNS has so many bytes (RFC 1035, 3.3); a longer text is several of them.
const STRING: usize = 255;
/// Seconds that an answer, or its absence, may be remembered: short, for who tries again at once.
const TTL: u32 = 1;

/// Why a zone can't be read, or changed.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// A name that DNS does not take.
    #[error("{0:?} is not a domain name in the zone")]
    Name(String),
    /// A text that is empty or too long, or not of printable ASCII characters.
    #[error("a text is 1 to 2,000 printable ASCII characters")]
    Text,
    /// There are too many.
    #[error("the zone has 500 records: remove some first")]
    Full,
    /// The file.
    #[error("{} can't be read or written", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A TXT record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextRecord {
    /// Its whole name, in lower case, without a trailing dot.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What the file holds.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    serial: u32,
    records: Vec<TextRecord>,
}

/// A zone with its TXT records.
#[derive(Debug)]
pub(super) struct Zone {
    origin: Name,
    file: PathBuf,
    content: Content,
}

impl Zone {
    /// The zone `origin`, with the records of `records.json` in `folder`.
    pub(super) fn open(origin: &str, folder: &Path) -> Result<Self, ZoneError> {
        let name = Name::from_ascii(origin).map_err(|_| ZoneError::Name(origin.to_owned()))?;
        if name.num_labels() == 0 {
            return Err(ZoneError::Name(origin.to_owned()));
        }
        let mut name = name.to_lowercase();
        name.set_fqdn(true);
        let file = folder.join("records.json");
        let failed = |source| ZoneError::File { path: file.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut content = match fs::read(&file) {
            Ok(text) => serde_json::from_slice::<Content>(&text).map_err(|error| failed(error.into()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::default(),
            Err(error) => return Err(failed(error)),
        };
        // Somebody may have edited the file.
        content.records.sort();
        content.records.dedup();
        Ok(Self { origin: name, file, content })
    }

    /// Its name.
    pub(super) fn origin(&self) -> &Name {
        &self.origin
    }

    /// Its TXT records, by name and text.
    pub(super) fn records(&self) -> &[TextRecord] {
        &self.content.records
    }

    /// Adds a record; one that is there is not added twice.
    pub(super) fn add(&mut self, name: &str, text: &str) -> Result<(), ZoneError> {
        let record = self.record(name, text)?;
        let mut records = self.content.records.clone();
        if let Err(place) = records.binary_search(&record) {
            if records.len() >= MOST {
                return Err(ZoneError::Full);
            }
            records.insert(place, record);
        }
        self.save(records)
    }

    /// Removes a record, if it is there.
    pub(super) fn remove(&mut self, name: &str, text: &str) -> Result<(), ZoneError> {
        let record = self.record(name, text)?;
        let mut records = self.content.records.clone();
        records.retain(|other| *other != record);
        self.save(records)
    }

    /// All records, with SOA and NS, for the server.
    pub(super) fn sets(&self) -> Result<BTreeMap<RrKey, Arc<RecordSet>>, ProtoError> {
        let Content { serial, records } = &self.content;
        let server = Name::from_ascii("ns")?.append_domain(&self.origin)?;
        let master = Name::from_ascii("hostmaster")?.append_domain(&self.origin)?;
        let soa = SOA::new(server.clone(), master, serial.wrapping_add(1), 3_600, 600, 86_400, TTL);
        let mut sets = BTreeMap::<_, RecordSet>::new();
        let mut insert = |name: Name, kind, data| {
            let key = RrKey::new(name.clone().into(), kind);
            let set = sets.entry(key).or_insert_with(|| RecordSet::new(name.clone(), kind, 0));
            set.insert(Record::from_rdata(name, TTL, data), *serial);
        };
        insert(self.origin.clone(), RecordType::SOA, RData::SOA(soa));
        insert(self.origin.clone(), RecordType::NS, RData::NS(NS(server)));
        for TextRecord { name, text } in records {
            let mut name = Name::from_ascii(name)?;
            name.set_fqdn(true);
            let strings =
                text.as_bytes().chunks(STRING).map(|part| String::from_utf8_lossy(part).into_owned());
            insert(name, RecordType::TXT, RData::TXT(TXT::new(strings.collect())));
        }
        Ok(sets.into_iter().map(|(key, set)| (key, Arc::new(set))).collect())
    }

    fn record(&self, name: &str, text: &str) -> Result<TextRecord, ZoneError> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(|c| c == ' ' || c.is_ascii_graphic())
        {
            return Err(ZoneError::Text);
        }
        Ok(TextRecord { name: self.full_name(name)?, text: text.to_owned() })
    }

    /// As the forms of DNS providers read it: a name that ends with the zone is whole, `@` or nothing is
    /// the zone itself, another one is below the zone.
    fn full_name(&self, text: &str) -> Result<String, ZoneError> {
        let wrong = |_| ZoneError::Name(text.to_owned());
        let full = match text.trim().trim_end_matches('.') {
            "" | "@" => self.origin.clone(),
            text => {
                let name = Name::from_ascii(text).map_err(wrong)?.to_lowercase();
                if self.origin.zone_of(&name) {
                    name
                } else {
                    name.append_domain(&self.origin).map_err(wrong)?
                }
            }
        };
        Ok(full.to_ascii().trim_end_matches('.').to_owned())
    }

    /// What is not saved is not in the zone either.
    fn save(&mut self, records: Vec<TextRecord>) -> Result<(), ZoneError> {
        let content = Content { serial: self.content.serial.wrapping_add(1), records };
        let write = || {
            let part = self.file.with_extension("part");
            fs::write(&part, serde_json::to_vec_pretty(&content)?)?;
            fs::rename(part, &self.file)
        };
        write().map_err(|source| ZoneError::File { path: self.file.clone(), source })?;
        self.content = content;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(folder: &Path) -> Zone {
        Zone::open("Demo.Example.", folder).unwrap()
    }

    #[test]
    fn a_name_is_below_the_zone_whichever_way_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let zone = zone(folder.path());
        for (written, meant) in [
            ("", "demo.example"),
            ("@", "demo.example"),
            (" Demo.Example. ", "demo.example"),
            ("_nulab-challenge", "_nulab-challenge.demo.example"),
            ("_nulab-challenge.demo.example", "_nulab-challenge.demo.example"),
            ("_Nulab-Challenge.DEMO.example.", "_nulab-challenge.demo.example"),
            ("other.example", "other.example.demo.example"),
        ] {
            assert_eq!(zone.full_name(written).unwrap(), meant, "{written:?}");
        }
        for wrong in ["a..b", "ä", "a b\u{0}", &"a".repeat(64), &"a.".repeat(124)] {
            assert!(matches!(zone.full_name(wrong), Err(ZoneError::Name(_))), "{wrong:?}");
        }
    }

    #[test]
    fn records_outlive_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = zone(folder.path());
        first.add("a", "1").unwrap();
        first.add("a", "2").unwrap();
        first.add("a", " 2 ").unwrap();
        first.add("", "3").unwrap();
        first.remove("a.demo.example", "1").unwrap();
        first.remove("a", "1").unwrap();
        let again = zone(folder.path());
        let found: Vec<_> = again.records().iter().map(|record| (&*record.name, &*record.text)).collect();
        assert_eq!(found, [("a.demo.example", "2"), ("demo.example", "3")]);
        assert_eq!(again.content, first.content);
    }

    #[test]
    fn what_dns_can_t_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut zone = zone(folder.path());
        for wrong in ["", "  ", "a\nb", "鍵", &"a".repeat(LONGEST + 1)] {
            assert!(matches!(zone.add("a", wrong), Err(ZoneError::Text)), "{wrong:?}");
        }
        zone.content.records =
            (0..MOST).map(|number| zone.record("a", &number.to_string()).unwrap()).collect();
        zone.content.records.sort();
        assert!(matches!(zone.add("a", "new"), Err(ZoneError::Full)));
        zone.add("a", "0").unwrap();
        for wrong in ["", ".", "a..b"] {
            assert!(matches!(Zone::open(wrong, folder.path()), Err(ZoneError::Name(_))), "{wrong:?}");
        }
    }
}
