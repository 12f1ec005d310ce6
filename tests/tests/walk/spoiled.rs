//! Bad input: a good message with one thing wrong, for each of its fields and each thing that can be.

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};

/// No field of the suite is as long.
const LONG: usize = 1 << 20;

/// A message with one thing wrong.
#[derive(Debug)]
pub struct Spoiled {
    /// Which field, and what is wrong: "account.name: missing".
    pub what: String,
    /// The message.
    pub message: Vec<u8>,
}

/// All that can be wrong with a message of which `good` is one.
pub fn spoiled(descriptor: &MessageDescriptor, good: &[u8]) -> Vec<Spoiled> {
    let good = DynamicMessage::decode(descriptor.clone(), good).expect("the table has good messages");
    let found = of_message(&good, "");
    found.into_iter().map(|(what, message)| Spoiled { what, message: message.encode_to_vec() }).collect()
}

fn of_message(good: &DynamicMessage, path: &str) -> Vec<(String, DynamicMessage)> {
    let mut found = Vec::new();
    for field in good.descriptor().fields() {
        let name = format!("{path}{}", field.name());
        if good.has_field(&field) {
            let mut without = good.clone();
            without.clear_field(&field);
            found.push((format!("{name}: missing"), without));
        }
        for (problem, value) in values(&field) {
            let mut with = good.clone();
            with.set_field(&field, value);
            found.push((format!("{name}: {problem}"), with));
        }
        if let (Kind::Message(_), false) = (field.kind(), field.is_list())
            && good.has_field(&field)
            && let Some(inner) = good.get_field(&field).as_message()
        {
            for (what, inner) in of_message(inner, &format!("{name}.")) {
                let mut with = good.clone();
                with.set_field(&field, Value::Message(inner));
                found.push((what, with));
            }
        }
    }
    found
}

/// Values that fit the wire but not the meaning.
fn values(field: &FieldDescriptor) -> Vec<(&'static str, Value)> {
    if field.is_list() {
        return match field.kind() {
            Kind::String => vec![
                ("wrong", Value::List(vec![Value::String("No such thing!".to_owned())])),
                ("nul", Value::List(vec![Value::String("a\0b".to_owned())])),
                ("long", Value::List(vec![Value::String("a".repeat(LONG))])),
                (
                    "many",
                    Value::List(vec![
                        Value::String("0190a0a0-0000-7000-8000-000000000000".to_owned());
                        10_000
                    ]),
                ),
            ],
            Kind::Enum(_) => vec![("unknown", Value::List(vec![Value::EnumNumber(99)]))],
            _ => vec![],
        };
    }
    match field.kind() {
        Kind::String => {
            let mut values =
                vec![("long", Value::String("a".repeat(LONG))), ("nul", Value::String("a\0b".to_owned()))];
            let name = field.name();
            if name.ends_with("_id") || name.ends_with("token") || name == "email" {
                values.push(("wrong", Value::String("No such thing!".to_owned())));
            }
            values
        }
        Kind::Enum(_) => vec![("unknown", Value::EnumNumber(99)), ("negative", Value::EnumNumber(-1))],
        Kind::Int32 => vec![("negative", Value::I32(-1)), ("huge", Value::I32(i32::MAX))],
        Kind::Int64 => vec![("smallest", Value::I64(i64::MIN)), ("huge", Value::I64(i64::MAX))],
        _ => vec![],
    }
}

/// Bytes that are no message at all: each of them cut off, and field 1 as a kind that no field is.
pub fn garbled(good: &[u8]) -> Vec<Vec<u8>> {
    // A group that is never closed; a length beyond the end.
    let mut garbled = vec![vec![0x0b], vec![0x0a, 0xff, 0x01, 0x61]];
    if good.len() > 1 {
        garbled.push(good[..good.len() - 1].to_vec());
    }
    garbled
}
