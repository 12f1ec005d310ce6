//! Dependencies point down only: `pass` → services → `crates/*`; never service → service; `tests` →
//! `pass` (architecture.md, The tree).

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeMap;

/// What a package is, by its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Types,
    Proto,
    Crate,
    Service,
    Pass,
    Demo,
    Tests,
}

fn layer(path: &str) -> Layer {
    let place = |part: &str| path.contains(part);
    match () {
        () if place("/crates/types/") => Layer::Types,
        () if place("/crates/proto/") => Layer::Proto,
        () if place("/crates/") => Layer::Crate,
        () if place("/services/pass/") => Layer::Pass,
        () if place("/services/") => Layer::Service,
        () if place("/deploy/demo/") => Layer::Demo,
        () if place("/tests/") => Layer::Tests,
        () => panic!("{path} has no place in the tree"),
    }
}

/// Whether `from` may depend on `to`.
fn allowed(from: Layer, to: Layer, for_tests_only: bool) -> bool {
    match from {
        Layer::Types => false,
        Layer::Proto => to == Layer::Types,
        Layer::Crate | Layer::Service | Layer::Demo => to <= Layer::Crate,
        Layer::Pass => to <= Layer::Crate || to == Layer::Service,
        Layer::Tests => to != Layer::Service || for_tests_only,
    }
}

#[test]
fn dependencies_point_down() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let layers: BTreeMap<_, _> = metadata
        .workspace_packages()
        .iter()
        .map(|package| (package.name.to_string(), layer(package.manifest_path.as_str())))
        .collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let Some(to) = layers.get(&dependency.name) else { continue };
            let from = layers[package.name.as_str()];
            if !allowed(from, *to, dependency.kind == DependencyKind::Development) {
                wrong.push(format!("{} ({from:?}) → {} ({to:?})", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "dependencies that don't point down:\n{}", wrong.join("\n"));
}

#[test]
fn crates_do_not_need_each_other_in_circles() {
    // Cargo refuses circles of ordinary dependencies; the test kit is for tests and the demo only.
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    for package in metadata.workspace_packages() {
        let demo_or_tests = ["pass-demo", "pass-tests"].contains(&package.name.as_str());
        for dependency in &package.dependencies {
            if dependency.name == "pass-testkit" && !demo_or_tests {
                assert_eq!(
                    dependency.kind,
                    DependencyKind::Development,
                    "{} ships the test kit",
                    package.name
                );
            }
        }
    }
}

/// proves SML-4 (security.md, "samael is used for cryptography only"): one crate calls it, and one shuts its doors
#[test]
fn samael_is_called_in_one_place() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let users = |wanted: &str| -> Vec<String> {
        let packages = metadata.workspace_packages();
        let using = packages.iter().filter(|it| it.dependencies.iter().any(|on| on.name == wanted));
        using.map(|package| package.name.to_string()).collect()
    };
    assert_eq!(users("samael"), ["pass-saml"]);
    assert_eq!(users("pass-xmlsec"), ["pass-saml"]);
    assert_eq!(users("pass-saml"), ["identity"]);
}
