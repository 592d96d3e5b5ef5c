//! `docs/plan.schema.json` says what the reader of plan files takes: neither may know a field that the other does not.

use serde_json::Value;

use super::{
    PlanFile,
    tests::{FILE, FULL, MORE},
};

/// The part of JSON Schema that the file uses (draft 2020-12, core and validation).
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let no = |why: String| Err(format!("{value}: {why}"));
    let known = [
        "$schema",
        "title",
        "description",
        "type",
        "additionalProperties",
        "required",
        "properties",
        "items",
        "enum",
        "minimum",
        "maximum",
    ];
    for word in schema.as_object().unwrap().keys() {
        assert!(known.contains(&word.as_str()), "this reader does not know {word}");
    }
    match schema["type"].as_str().unwrap() {
        "object" => {
            let Some(object) = value.as_object() else { return no("no object".into()) };
            let properties = schema["properties"].as_object().unwrap();
            for needed in schema.get("required").into_iter().flat_map(|it| it.as_array().unwrap()) {
                if !object.contains_key(needed.as_str().unwrap()) {
                    return no(format!("{needed} is missing"));
                }
            }
            assert_eq!(schema["additionalProperties"], false);
            for (name, value) in object {
                let Some(property) = properties.get(name) else { return no(format!("{name}?")) };
                fits(property, value)?;
            }
        }
        "array" => {
            let Some(items) = value.as_array() else { return no("no array".into()) };
            items.iter().try_for_each(|item| fits(&schema["items"], item))?;
        }
        "string" if value.is_string() => {}
        "boolean" if value.is_boolean() => {}
        "integer" if value.is_i64() => {}
        "number" if value.is_number() => {}
        other => return no(format!("no {other}")),
    }
    let choices = schema.get("enum").map(|choices| choices.as_array().unwrap());
    if choices.is_some_and(|choices| !choices.contains(value)) {
        return no("not one of the choices".into());
    }
    let number = value.as_i64();
    let below = schema.get("minimum").is_some_and(|least| number < least.as_i64());
    let above = schema.get("maximum").is_some_and(|most| number > most.as_i64());
    if below || above { no("out of range".into()) } else { Ok(()) }
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/plan.schema.json")).unwrap()
}

fn everything() -> Value {
    let text = format!("contact_limit_hours = 300\n{FULL}{FILE}{MORE}");
    let file: PlanFile = toml::from_str(&text).unwrap();
    let mut value = serde_json::to_value(file).unwrap();
    value["route"][0]["max_minutes"] = 60.into();
    value
}

/// Takes away, renames and replaces every single value of a whole file; both say the same of each.
#[test]
fn the_schema_and_the_reader_agree_on_every_field() {
    let (schema, whole) = (schema(), everything());
    fits(&schema, &whole).unwrap();
    let mut paths = Vec::new();
    collect(&whole, String::new(), &mut paths);
    let mut refused = 0;
    for path in &paths {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let mut lies: Vec<Value> = Vec::new();
        let mut lie = |change: &dyn Fn(&mut Value)| {
            let mut value = whole.clone();
            change(&mut value);
            lies.push(value);
        };
        for wrong in [
            Value::from("no such word"),
            (-1_000_000_000).into(),
            true.into(),
            Value::Array(vec![1.5.into()]),
        ] {
            lie(&|value| *value.pointer_mut(path).unwrap() = wrong.clone());
        }
        if let Some(Value::Object(_)) = whole.pointer(parent) {
            let object = |value: &mut Value| {
                value.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name)
            };
            lie(&|value| {
                object(value);
            });
            lie(&|value| {
                let moved = object(value).unwrap();
                value.pointer_mut(parent).unwrap()[format!("{name}_")] = moved;
            });
        }
        for lie in lies {
            let read: Result<PlanFile, _> = serde_json::from_value(lie.clone());
            if let Err(why) = &read {
                // A word that no schema can describe: the reader is the stricter one there.
                let words = why.to_string().contains("is not a moment");
                assert!(words || fits(&schema, &lie).is_err(), "{path}: {why}");
                refused += 1;
            }
            if fits(&schema, &lie).is_err() {
                let meant = read.is_err()
                    || read
                        .unwrap()
                        .onto(
                            &Default::default(),
                            &mut deckwatch_core::entropy::SeededEntropy::new(1),
                        )
                        .is_err();
                assert!(
                    meant || path.ends_with("/from") || path.ends_with("contact_limit_hours"),
                    "{path}: {lie}"
                );
            }
        }
    }
    assert!(paths.len() > 60 && refused > 200, "{} {refused}", paths.len());
}

fn collect(value: &Value, at: String, paths: &mut Vec<String>) {
    if !at.is_empty() {
        paths.push(at.clone());
    }
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| collect(value, format!("{at}/{name}"), paths))
        }
        Value::Array(items) => {
            (0..)
                .zip(items)
                .for_each(|(n, value): (u32, _)| collect(value, format!("{at}/{n}"), paths));
        }
        _ => {}
    }
}
