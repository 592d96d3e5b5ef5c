//! What the library exports, one line a method, record, variant.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use uniffi_bindgen::macro_metadata::extract_from_bytes;
use uniffi_meta::{
    DefaultValueMetadata, EnumMetadata, FieldMetadata, FnParamMetadata, LiteralMetadata, Metadata,
    ObjectImpl, TraitKind, Type,
};

use crate::BindgenError;

const HEAD: &str = "\
# What deckwatch-mobile exports. Apps compile against this: a change needs a line in CHANGELOG.md.
# Written by: cargo build -p deckwatch-mobile && \
cargo run -p deckwatch-bindgen -- api target/debug/libdeckwatch_mobile.so > mobile-bindings/api.txt
";

/// A thing with a name: its fields or variants in their order, its methods by name.
#[derive(Default)]
struct Item {
    head: String,
    lines: Vec<String>,
    callables: Vec<String>,
}

/// Lists what the library at `path` exports.
pub fn listing(path: &Path) -> Result<String, BindgenError> {
    let bytes = std::fs::read(path)
        .map_err(|error| BindgenError::Library { path: path.display().to_string(), error })?;
    let exported = extract_from_bytes(&bytes)
        .map_err(|error| BindgenError::Generator(format!("{error:#}")))?;
    let mut functions = Vec::new();
    let mut items: BTreeMap<String, Item> = BTreeMap::new();
    for metadata in exported {
        read(metadata, &mut functions, &mut items);
    }
    if items.is_empty() {
        return Err(BindgenError::Generator("no metadata".to_owned()));
    }
    functions.sort();
    let mut text = HEAD.to_owned();
    for function in functions {
        let _ = write!(text, "\n{function}");
    }
    text.push('\n');
    for mut item in items.into_values() {
        item.callables.sort();
        let _ = write!(text, "\n{}", item.head);
        for line in item.lines.into_iter().chain(item.callables) {
            let _ = write!(text, "\n    {line}");
        }
        text.push('\n');
    }
    Ok(text)
}

fn read(metadata: Metadata, functions: &mut Vec<String>, items: &mut BTreeMap<String, Item>) {
    match metadata {
        Metadata::Func(it) => functions.push(format!(
            "fn {}",
            call(&it.name, &it.inputs, it.return_type.as_ref(), it.throws.as_ref())
        )),
        Metadata::Object(it) => {
            let kind = match it.imp {
                ObjectImpl::Struct => "object",
                ObjectImpl::Trait(TraitKind::ForeignOnly) => "foreign trait",
                ObjectImpl::Trait(_) => "trait",
            };
            items.entry(it.name.clone()).or_default().head = format!("{kind} {}", it.name);
        }
        Metadata::CallbackInterface(it) => {
            items.entry(it.name.clone()).or_default().head = format!("foreign trait {}", it.name);
        }
        Metadata::Constructor(it) => {
            let made = call(&it.name, &it.inputs, None, it.throws.as_ref());
            items.entry(it.self_name).or_default().callables.push(format!("constructor {made}"));
        }
        Metadata::Method(it) => {
            let line = call(&it.name, &it.inputs, it.return_type.as_ref(), it.throws.as_ref());
            items.entry(it.self_name).or_default().callables.push(line);
        }
        Metadata::TraitMethod(it) => {
            let line = call(&it.name, &it.inputs, it.return_type.as_ref(), it.throws.as_ref());
            items.entry(it.trait_name).or_default().callables.push(line);
        }
        Metadata::Record(it) => {
            let item = items.entry(it.name.clone()).or_default();
            item.head = format!("record {}", it.name);
            item.lines = it.fields.iter().map(field).collect();
        }
        Metadata::Enum(it) => enumeration(&it, items.entry(it.name.clone()).or_default()),
        Metadata::Namespace(_) => {}
        other => functions.push(format!("# no line for {other:?}")),
    }
}

fn enumeration(it: &EnumMetadata, item: &mut Item) {
    let kind = if it.shape.is_error() { "error" } else { "enum" };
    item.head = format!("{kind} {}", it.name);
    item.lines = it
        .variants
        .iter()
        .map(|variant| {
            let fields: Vec<String> = variant.fields.iter().map(field).collect();
            match fields.as_slice() {
                [] => variant.name.clone(),
                fields => format!("{} {{ {} }}", variant.name, fields.join(", ")),
            }
        })
        .collect();
}

fn call(
    name: &str,
    inputs: &[FnParamMetadata],
    returned: Option<&Type>,
    thrown: Option<&Type>,
) -> String {
    let inputs: Vec<String> = inputs
        .iter()
        .map(|it| format!("{}: {}{}", it.name, type_name(&it.ty), default(it.default.as_ref())))
        .collect();
    let mut text = format!("{name}({})", inputs.join(", "));
    if let Some(returned) = returned {
        let _ = write!(text, " -> {}", type_name(returned));
    }
    if let Some(thrown) = thrown {
        let _ = write!(text, " throws {}", type_name(thrown));
    }
    text
}

fn field(it: &FieldMetadata) -> String {
    format!("{}: {}{}", it.name, type_name(&it.ty), default(it.default.as_ref()))
}

fn default(value: Option<&DefaultValueMetadata>) -> String {
    match value {
        None => String::new(),
        Some(DefaultValueMetadata::Literal(LiteralMetadata::None)) => " = none".to_owned(),
        Some(value) => format!(" = {value:?}"),
    }
}

fn type_name(it: &Type) -> String {
    match it {
        Type::UInt32 => "u32".to_owned(),
        Type::UInt64 => "u64".to_owned(),
        Type::Int64 => "i64".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::String => "string".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Object { name, .. } | Type::Record { name, .. } | Type::Enum { name, .. } => {
            name.clone()
        }
        Type::Optional { inner_type } => format!("{}?", type_name(inner_type)),
        Type::Sequence { inner_type } => format!("[{}]", type_name(inner_type)),
        other => format!("{other:?}"),
    }
}
