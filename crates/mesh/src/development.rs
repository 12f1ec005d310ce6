//! Certificates for development and tests: an authority and a certificate for each program, in a
//! folder. Those that are there are kept. They are valid for ever; never trust this authority elsewhere.

use crate::{MeshConfig, MeshError, peer::is_name};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// An authority in a folder.
#[derive(Debug, Clone)]
pub struct Pki {
    folder: PathBuf,
    trust_domain: String,
}

/// Where the files of one program are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The authority's certificate.
    pub ca_file: PathBuf,
    /// The program's certificate.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

impl Files {
    /// The settings of the program that these files are of.
    pub fn config(&self, trust_domain: &str) -> MeshConfig {
        MeshConfig {
            trust_domain: trust_domain.to_owned(),
            ca_file: self.ca_file.clone(),
            certificate_file: self.certificate_file.clone(),
            key_file: self.key_file.clone(),
            ..MeshConfig::default()
        }
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Pki {
    /// The authority in `folder`, made if there is none.
    pub fn open(folder: impl Into<PathBuf>, trust_domain: &str) -> Result<Self, MeshError> {
        let pki = Self { folder: folder.into(), trust_domain: trust_domain.to_owned() };
        pki.authority().map_err(MeshError::Development)?;
        Ok(pki)
    }

    /// Whose names the certificates have.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// The certificate of a service: `<name>.pem`, `<name>.key`.
    pub fn service(&self, name: &str) -> Result<Files, MeshError> {
        let uri = format!("spiffe://{}/{name}", self.trust_domain);
        self.certificate(name, name, &[name, "localhost"], &uri)
    }

    /// The certificate of a product: `product-<name>.pem`, `product-<name>.key`.
    pub fn product(&self, name: &str) -> Result<Files, MeshError> {
        let uri = format!("spiffe://{}/product/{name}", self.trust_domain);
        let host = format!("{name}.product");
        self.certificate(name, &format!("product-{name}"), &[&host, "localhost"], &uri)
    }

    /// The authority's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    fn certificate(&self, name: &str, stem: &str, hosts: &[&str], uri: &str) -> Result<Files, MeshError> {
        if !is_name(name) {
            let problem = "a name in the mesh is 1-63 lower-case letters, digits or hyphens";
            return Err(MeshError::Development(problem.into()));
        }
        let files = Files {
            ca_file: self.ca_file(),
            certificate_file: self.folder.join(format!("{stem}.pem")),
            key_file: self.folder.join(format!("{stem}.key")),
        };
        if !(files.certificate_file.exists() && files.key_file.exists()) {
            self.issue(name, &files, hosts, uri).map_err(MeshError::Development)?;
        }
        Ok(files)
    }

    fn issue(&self, name: &str, files: &Files, hosts: &[&str], uri: &str) -> Result<(), Cause> {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(hosts)?;
        params.subject_alt_names.push(SanType::URI(uri.try_into()?));
        params.distinguished_name = called(name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.authority()?)?;
        write(&files.key_file, &key.serialize_pem(), 0o600)?;
        write(&files.certificate_file, &certificate.pem(), 0o644)
    }

    fn authority(&self) -> Result<Issuer<'static, KeyPair>, Cause> {
        let (certificate_file, key_file) = (self.ca_file(), self.folder.join("ca.key"));
        if certificate_file.exists() && key_file.exists() {
            let key = KeyPair::from_pem(&fs::read_to_string(key_file)?)?;
            return Ok(Issuer::from_ca_cert_pem(&fs::read_to_string(certificate_file)?, key)?);
        }
        fs::create_dir_all(&self.folder)?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = called(&format!("{} development", self.trust_domain));
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        write(&key_file, &key.serialize_pem(), 0o600)?;
        write(&certificate_file, &certificate.pem(), 0o644)?;
        Ok(Issuer::new(params, key))
    }
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// Writes the whole file or none of it.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Cause> {
    // Unique among the threads of all processes that share the folder.
    let part = path.with_extension(format!("part-{}-{:?}", std::process::id(), std::thread::current().id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&part)?;
    file.write_all(text.as_bytes())?;
    fs::rename(part, path)?;
    Ok(())
}
