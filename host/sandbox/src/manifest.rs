//! What a plugin says of itself, checked: a name that can be a file's and a URL's, needs that a host can meet.

use ballast_types::PluginName;
use ballast_types::plugin::{Capability, Manifest};

use crate::bindings::interfaces::types;

const NAME_BYTES_MAX: usize = 64;
const VERSION_BYTES_MAX: usize = 64;
const SUMMARY_BYTES_MAX: usize = 500;

/// The manifest, or everything that is wrong with it.
pub(crate) fn check(manifest: types::Manifest) -> Result<Manifest, String> {
    let (needs, unknown) = needs(manifest.needs);
    let mut problems =
        problems(&manifest.name, &manifest.version, &manifest.summary, &manifest.parameters_schema);
    problems.extend(unknown);
    if !problems.is_empty() {
        return Err(format!("its manifest is wrong: {}", problems.join("; ")));
    }
    Ok(Manifest {
        name: PluginName::new(manifest.name),
        version: manifest.version,
        summary: manifest.summary,
        parameters_schema: manifest.parameters_schema,
        needs,
    })
}

fn problems(name: &str, version: &str, summary: &str, schema: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_name(name) {
        problems.push(format!(
            "the name `{}` is not lower case letters, digits and single hyphens, at most {NAME_BYTES_MAX}",
            name.escape_debug()
        ));
    }
    if version.trim().is_empty() || version.len() > VERSION_BYTES_MAX {
        problems.push(format!("the version is empty or longer than {VERSION_BYTES_MAX} bytes"));
    }
    if summary.trim().is_empty() || summary.len() > SUMMARY_BYTES_MAX {
        problems.push(format!("the summary is empty or longer than {SUMMARY_BYTES_MAX} bytes"));
    }
    if !is_schema(schema) {
        problems.push("the parameters' schema is neither empty nor a JSON object".to_owned());
    }
    problems
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').all(is_part)
}

fn is_schema(schema: &str) -> bool {
    schema.trim().is_empty()
        || serde_json::from_str(schema).is_ok_and(|value: serde_json::Value| value.is_object())
}

fn needs(needs: Vec<types::Need>) -> (Vec<(Capability, String)>, Vec<String>) {
    let (mut known, mut problems) = (Vec::new(), Vec::new());
    for types::Need { capability, reason } in needs {
        match Capability::parse(&capability) {
            Some(_) if reason.trim().is_empty() => {
                problems.push(format!("it gives no reason for needing `{capability}`"))
            }
            Some(capability) => known.push((capability, reason)),
            None => problems.push(format!("it needs `{}`, which no host has", capability.escape_debug())),
        }
    }
    (known, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_files_and_addresses() {
        for good in ["a", "high-error-rate", "v2-rollback", "x9"] {
            assert!(is_name(good), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", "-a", "a-", "a--b", "A", "9a", "a b", "a/b", "ä", "a_b", &long] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let need = |capability: &str, reason: &str| types::Need {
            capability: capability.to_owned(),
            reason: reason.to_owned(),
        };
        let manifest = types::Manifest {
            name: "A b".to_owned(),
            version: String::new(),
            summary: " ".to_owned(),
            parameters_schema: "[]".to_owned(),
            needs: vec![need("root", "x"), need("logs", ""), need("http", "to look")],
        };
        let text = check(manifest).unwrap_err();
        for part in ["`A b`", "version", "summary", "schema", "`root`", "no reason for needing `logs`"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("http"), "{text}");
    }
}
