//! Names and addresses: every document here is genuinely signed by the connection's own key.

use crate::support::{
    Setting, assert_refused,
    documents::{self, ADDRESS, assertion_with},
    swap,
};
use pass_saml::{Check, NameIdFormat};

/// proves SML-3: one name, of a format that the connection takes
#[test]
fn names_that_are_not_one_plain_name_are_refused() {
    let name = |value: &str| assertion_with(&format!(">{ADDRESS}<"), &format!(">{value}<"));
    let format = |uri: &str| assertion_with(NameIdFormat::EmailAddress.uri(), uri);
    let element = format!("<saml:NameID>{ADDRESS}</saml:NameID>");
    let qualified = assertion_with(r#"emailAddress">"#, r#"emailAddress" SPNameQualifier="urn:x">"#);
    let long = name(&format!("{}@example.test", "a".repeat(300)));
    let encrypted = documents::assertion_edited(|text| {
        text.replace("<saml:NameID ", "<saml:EncryptedID ").replace("</saml:NameID>", "</saml:EncryptedID>")
    });
    assert_refused(
        &Setting::default(),
        [
            (
                "two NameIDs",
                assertion_with("<saml:SubjectConfirmation ", &format!("{element}<saml:SubjectConfirmation ")),
                Check::NameId,
            ),
            ("an empty NameID", name(""), Check::NameId),
            ("a space before", name(&format!(" {ADDRESS}")), Check::NameId),
            ("a line behind", name(&format!("{ADDRESS}\n")), Check::NameId),
            ("an ideographic space", name(&format!("{ADDRESS}\u{3000}")), Check::NameId),
            ("a control character", name(&format!("{ADDRESS}\u{85}")), Check::NameId),
            ("an element in it", name(&format!("<x>{ADDRESS}</x>")), Check::NameId),
            (
                "a BaseID beside",
                assertion_with("<saml:NameID ", "<saml:BaseID></saml:BaseID><saml:NameID "),
                Check::NameId,
            ),
            ("an EncryptedID", encrypted, Check::NameId),
            ("very long", long, Check::NameId),
            ("for another service provider", qualified, Check::NameId),
            ("transient", format("urn:oasis:names:tc:SAML:2.0:nameid-format:transient"), Check::NameIdFormat),
            (
                "unspecified",
                format("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
                Check::NameIdFormat,
            ),
            (
                "no format",
                assertion_with(&format!(r#" Format="{}""#, NameIdFormat::EmailAddress.uri()), ""),
                Check::NameIdFormat,
            ),
            ("no address", name("taro"), Check::Address),
            ("two @", name("taro@evil.test@example.test"), Check::Address),
            ("quotes", name(r#""taro"@example.test"#), Check::Address),
            ("an address literal", name("taro@[127.0.0.1]"), Check::Address),
        ],
    );
    let mut persistent_only = Setting::default();
    persistent_only.connection.name_id_formats = vec![NameIdFormat::Persistent];
    assert_refused(&persistent_only, [("not this connection's", documents::signed(), Check::NameIdFormat)]);
}

#[test]
fn an_address_that_is_there_twice_is_refused() {
    let persistent = |attributes: &str| {
        documents::assertion_edited(|text| {
            let text = swap(&text, NameIdFormat::EmailAddress.uri(), NameIdFormat::Persistent.uri());
            let text = swap(&text, &format!(">{ADDRESS}<"), ">a1b2c3<");
            swap(&text, "</saml:AttributeStatement>", &format!("{attributes}</saml:AttributeStatement>"))
        })
    };
    let value = |address: &str| format!("<saml:AttributeValue>{address}</saml:AttributeValue>");
    let mail = |values: &str| format!(r#"<saml:Attribute Name="mail">{values}</saml:Attribute>"#);
    let (a, b) = (value("a@example.test"), value("b@example.test"));
    let split = format!("</saml:AttributeStatement><saml:AttributeStatement>{}", mail(&b));
    assert_refused(
        &Setting::default(),
        [
            ("two attributes", persistent(&format!("{}{}", mail(&a), mail(&b))), Check::Attributes),
            (
                "two attributes that agree",
                persistent(&format!("{}{}", mail(&a), mail(&a))),
                Check::Attributes,
            ),
            ("two values", persistent(&mail(&format!("{a}{b}"))), Check::Attributes),
            ("in two statements", persistent(&format!("{}{split}", mail(&a))), Check::Attributes),
            (
                "two names that differ",
                persistent(&format!("{}{}", mail(&a), mail(&b).replace("mail", "email"))),
                Check::Attributes,
            ),
            ("no address", persistent(&mail(&value("nobody"))), Check::Address),
            ("white space", persistent(&mail(&value(" a@example.test"))), Check::Address),
        ],
    );
}

/// proves SML-3: what else a provider sends of addresses does not matter where the name is the address
#[test]
fn an_address_as_the_name_needs_no_attribute() {
    let value = |address: &str| format!("<saml:AttributeValue>{address}</saml:AttributeValue>");
    let mail =
        |name: &str, values: &str| format!(r#"<saml:Attribute Name="{name}">{values}</saml:Attribute>"#);
    let (same, alias) = (value(ADDRESS), value("alias@example.test"));
    let (once, other) = (mail("mail", &same), mail("email", &alias));
    for (name, attributes) in [
        ("twice", once.repeat(2)),
        ("an alias under another name", format!("{once}{other}")),
        ("two values", mail("mail", &format!("{same}{alias}"))),
        ("no address", mail("mail", &value("taro"))),
    ] {
        let end = "</saml:AttributeStatement>";
        let document = assertion_with(end, &format!("{attributes}{end}"));
        let validated = Setting::default().judge(document).expect(name);
        assert_eq!(validated.address.unwrap().as_str(), ADDRESS, "{name}");
    }
}
