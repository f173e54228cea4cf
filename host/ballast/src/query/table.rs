//! A query's answer as a table: labels and value, with an instant where there are several.

use serde_json::Value;

/// The table of `data` of Prometheus's envelope. The error says what was not understood.
pub(super) fn of(data: &Value) -> Result<String, String> {
    let kind = data["resultType"].as_str().unwrap_or_default();
    let result = &data["result"];
    let rows = match kind {
        "scalar" | "string" => vec![(String::new(), point(result)?.1)],
        "vector" => vector(result)?,
        "matrix" => matrix(result)?,
        other => return Err(format!("the answer's kind `{other}` is unknown")),
    };
    if rows.is_empty() {
        return Ok("no series\n".to_owned());
    }
    let width = rows.iter().map(|(labels, _)| labels.chars().count()).max().unwrap_or(0);
    let gap = if width == 0 { "" } else { "  " };
    Ok(rows.iter().map(|(labels, value)| format!("{labels:width$}{gap}{value}\n")).collect())
}

fn vector(result: &Value) -> Result<Vec<(String, String)>, String> {
    let row = |series: &Value| Ok((labels(&series["metric"]), point(&series["value"])?.1));
    list(result)?.iter().map(row).collect()
}

fn matrix(result: &Value) -> Result<Vec<(String, String)>, String> {
    let mut rows = Vec::new();
    for series in list(result)? {
        for value in list(&series["values"])? {
            let (at, value) = point(value)?;
            rows.push((labels(&series["metric"]), format!("{value} @{at}")));
        }
    }
    Ok(rows)
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("expected a list, found {value}"))
}

/// `[seconds, "value"]`.
fn point(value: &Value) -> Result<(String, String), String> {
    match (&value[0], value[1].as_str()) {
        (Value::Number(at), Some(text)) => Ok((at.to_string(), text.to_owned())),
        _ => Err(format!("expected an instant and a value, found {value}")),
    }
}

/// As Prometheus writes a series: `name{a="b"}`.
fn labels(metric: &Value) -> String {
    let empty = serde_json::Map::new();
    let pairs = metric.as_object().unwrap_or(&empty);
    let name = pairs.get("__name__").and_then(Value::as_str).unwrap_or_default();
    let others = pairs.iter().filter(|(label, _)| *label != "__name__");
    let others: Vec<_> = others.map(|(label, value)| format!("{label}={value}")).collect();
    match (name, others.is_empty()) {
        (name, true) if !name.is_empty() => name.to_owned(),
        (name, _) => format!("{name}{{{}}}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn every_kind_of_answer_has_a_table() {
        let vector = json!({"resultType": "vector", "result": [
            {"metric": {"__name__": "up", "job": "api"}, "value": [1.5, "1"]},
            {"metric": {}, "value": [1.5, "NaN"]},
        ]});
        insta::assert_snapshot!(of(&vector).unwrap(), @r#"
        up{job="api"}  1
        {}             NaN
        "#);
        let matrix = json!({"resultType": "matrix", "result": [
            {"metric": {"__name__": "up"}, "values": [[1, "1"], [2.5, "0"]]},
        ]});
        insta::assert_snapshot!(of(&matrix).unwrap(), @r"
        up  1 @1
        up  0 @2.5
        ");
        assert_eq!(of(&json!({"resultType": "scalar", "result": [1, "3"]})).unwrap(), "3\n");
        assert_eq!(of(&json!({"resultType": "vector", "result": []})).unwrap(), "no series\n");
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for data in [json!(null), json!({"resultType": "vector", "result": 3}), json!({"resultType": "new"})]
        {
            assert!(of(&data).is_err(), "{data}");
        }
    }
}
