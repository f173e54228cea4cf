//! Whether two functions of two packages have the same types, by structure: the names of types do not matter, the names
//! of fields and cases do. So two contracts can be compared that were parsed apart.

use wit_parser::{Function, Resolve, Type, TypeDefKind, TypeId};

/// A thing and the package that explains it.
type In<'a, T> = (&'a Resolve, T);

/// Whether both take and return the same.
pub(super) fn same_signature(left: In<'_, &Function>, right: In<'_, &Function>) -> bool {
    let params = |function: &Function| {
        function.params.iter().map(|param| (param.name.clone(), Some(param.ty))).collect::<Vec<_>>()
    };
    same_named((left.0, &params(left.1)), (right.0, &params(right.1)))
        && same_optional((left.0, left.1.result), (right.0, right.1.result))
}

fn same(left: In<'_, Type>, right: In<'_, Type>) -> bool {
    match (left.1, right.1) {
        (Type::Id(l), Type::Id(r)) => {
            same_kind((left.0, resolved(left.0, l)), (right.0, resolved(right.0, r)))
        }
        // A name for a plain type is that type.
        (Type::Id(id), plain) => {
            matches!(kind(left.0, resolved(left.0, id)), Some(TypeDefKind::Type(ty)) if *ty == plain)
        }
        (plain, Type::Id(id)) => {
            matches!(kind(right.0, resolved(right.0, id)), Some(TypeDefKind::Type(ty)) if *ty == plain)
        }
        (l, r) => l == r,
    }
}

/// Follows `type a = b` and `use`.
fn resolved(resolve: &Resolve, mut id: TypeId) -> TypeId {
    while let Some(TypeDefKind::Type(Type::Id(next))) = kind(resolve, id) {
        id = *next;
    }
    id
}

fn kind(resolve: &Resolve, id: TypeId) -> Option<&TypeDefKind> {
    resolve.types.get(id).map(|definition| &definition.kind)
}

fn same_kind(left: In<'_, TypeId>, right: In<'_, TypeId>) -> bool {
    use TypeDefKind::{Enum, Flags, List, Option, Record, Result, Tuple, Type, Variant};
    let (Some(l), Some(r)) = (kind(left.0, left.1), kind(right.0, right.1)) else { return false };
    let (in_left, in_right) = (left.0, right.0);
    match (l, r) {
        (Type(l), Type(r)) => l == r,
        (List(l), List(r)) | (Option(l), Option(r)) => same((in_left, *l), (in_right, *r)),
        (Result(l), Result(r)) => {
            same_optional((in_left, l.ok), (in_right, r.ok))
                && same_optional((in_left, l.err), (in_right, r.err))
        }
        (Record(l), Record(r)) => {
            let named = |record: &wit_parser::Record| {
                record.fields.iter().map(|field| (field.name.clone(), Some(field.ty))).collect::<Vec<_>>()
            };
            same_named((in_left, &named(l)), (in_right, &named(r)))
        }
        (Variant(l), Variant(r)) => {
            let named = |variant: &wit_parser::Variant| {
                variant.cases.iter().map(|case| (case.name.clone(), case.ty)).collect::<Vec<_>>()
            };
            same_named((in_left, &named(l)), (in_right, &named(r)))
        }
        (Tuple(l), Tuple(r)) => {
            let named = |tuple: &wit_parser::Tuple| {
                tuple.types.iter().map(|ty| (String::new(), Some(*ty))).collect::<Vec<_>>()
            };
            same_named((in_left, &named(l)), (in_right, &named(r)))
        }
        (Enum(l), Enum(r)) => l.cases.iter().map(|case| &case.name).eq(r.cases.iter().map(|case| &case.name)),
        (Flags(l), Flags(r)) => {
            l.flags.iter().map(|flag| &flag.name).eq(r.flags.iter().map(|flag| &flag.name))
        }
        // The contract has no resources, streams or maps.
        _ => false,
    }
}

fn same_optional(left: In<'_, Option<Type>>, right: In<'_, Option<Type>>) -> bool {
    match (left.1, right.1) {
        (Some(l), Some(r)) => same((left.0, l), (right.0, r)),
        (None, None) => true,
        _ => false,
    }
}

/// The same names in the same order, each with the same type.
fn same_named(left: In<'_, &[(String, Option<Type>)]>, right: In<'_, &[(String, Option<Type>)]>) -> bool {
    left.1.len() == right.1.len()
        && left.1.iter().zip(right.1).all(|((left_name, l), (right_name, r))| {
            left_name == right_name && same_optional((left.0, *l), (right.0, *r))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The function `f` of a package with these types and this signature.
    fn parsed(text: &str) -> (Resolve, Function) {
        let mut resolve = Resolve::default();
        let text = format!("package t:t;\ninterface i {{\n{text}\n}}");
        resolve.push_source("t.wit", &text).unwrap();
        let function =
            resolve.interfaces.iter().find_map(|(_, interface)| interface.functions.get("f").cloned());
        (resolve, function.unwrap())
    }

    #[test]
    fn structure_decides_and_names_of_types_do_not() {
        let base = "record a { x: u32, y: list<string> } f: func(a: a) -> result<option<u8>, string>;";
        let (resolve, function) = parsed(base);
        for (text, expected) in [
            ("record b { x: u32, y: list<string> } f: func(a: b) -> result<option<u8>, string>;", true),
            (
                "type n = u32; record a { x: n, y: list<string> } f: func(a: a) -> result<option<u8>, string>;",
                true,
            ),
            (
                "record a { x: u32, y: list<string>, z: u8 } f: func(a: a) -> result<option<u8>, string>;",
                false,
            ),
            ("record a { y: list<string>, x: u32 } f: func(a: a) -> result<option<u8>, string>;", false),
            ("record a { x: u64, y: list<string> } f: func(a: a) -> result<option<u8>, string>;", false),
            ("record a { x: u32, y: list<string> } f: func(a: a) -> result<option<u8>>;", false),
            ("record a { x: u32, y: list<string> } f: func(a: a);", false),
            ("record a { x: u32, y: list<string> } f: func(b: a) -> result<option<u8>, string>;", false),
        ] {
            let (other, theirs) = parsed(text);
            assert_eq!(same_signature((&other, &theirs), (&resolve, &function)), expected, "{text}");
        }
    }

    #[test]
    fn an_added_case_makes_another_variant() {
        let (resolve, function) = parsed("variant v { a, b(string) } enum e { x, y } f: func(v: v, e: e);");
        let (same, theirs) = parsed("variant w { a, b(string) } enum o { x, y } f: func(v: w, e: o);");
        assert!(same_signature((&same, &theirs), (&resolve, &function)));
        for text in [
            "variant v { a, b(string), c } enum e { x, y } f: func(v: v, e: e);",
            "variant v { a, b } enum e { x, y } f: func(v: v, e: e);",
            "variant v { a, b(string) } enum e { x } f: func(v: v, e: e);",
        ] {
            let (other, theirs) = parsed(text);
            assert!(!same_signature((&other, &theirs), (&resolve, &function)), "{text}");
        }
    }
}
