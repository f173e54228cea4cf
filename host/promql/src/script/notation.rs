//! The notation of series: `name{label="value"} 1 2+3x4 _ _x2 stale`, one value a step.
//!
//! `a+bxn` is a, a+b and so on, n steps beyond the first; `axn` is a, n times more; `_` is a gap, `_xn` are n of them.

use std::iter::{Peekable, repeat_n};
use std::str::Chars;

use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;
use ballast_types::series::stale_nan;

/// Most values that one item may stand for.
const REPEATS_MAX: usize = 1_000_000;
/// Most values of one line.
const VALUES_MAX: usize = 2_000_000;

/// A series as written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) labels: Labels,
    pub(super) values: Vec<Option<f64>>,
    /// Some values were native histograms; they are gaps here.
    pub(super) native: bool,
}

/// Reads one line.
pub(super) fn series(line: &str) -> Result<Written, String> {
    let (labels, rest) = labels(line)?;
    let (mut values, mut native) = (Vec::new(), false);
    for item in items(rest) {
        native |= item.starts_with("{{");
        values.extend(expand(item)?);
        if values.len() > VALUES_MAX {
            return Err(format!("more than {VALUES_MAX} values in a line"));
        }
    }
    Ok(Written { labels, values, native })
}

/// The labels at the beginning of a line, and the rest of it.
pub(super) fn labels(line: &str) -> Result<(Labels, &str), String> {
    let name_end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_end);
    let mut pairs: Vec<(String, String)> = Vec::new();
    if !name.is_empty() {
        pairs.push((METRIC_NAME.to_owned(), name.to_owned()));
    }
    let Some(inner) = rest.strip_prefix('{').filter(|inner| !inner.starts_with('{')) else {
        return Ok((Labels::from_pairs(pairs), rest));
    };
    let mut chars = inner.chars().peekable();
    loop {
        skip(&mut chars, |c| c.is_whitespace() || c == ',');
        match chars.peek() {
            Some('}') => {
                chars.next();
                break;
            }
            Some(_) => pairs.push(pair(&mut chars)?),
            None => return Err(format!("unclosed labels in `{line}`")),
        }
    }
    let consumed = inner.len() - chars.map(char::len_utf8).sum::<usize>();
    Ok((Labels::from_pairs(pairs), inner.get(consumed..).unwrap_or_default()))
}

/// `name="value"`, `"name"="value"`, or the quoted metric name.
fn pair(chars: &mut Peekable<Chars<'_>>) -> Result<(String, String), String> {
    let quoted = matches!(chars.peek(), Some('"' | '\'' | '`'));
    let name = if quoted {
        string(chars)?
    } else {
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | ':')) {
            name.push(c);
        }
        name
    };
    skip(chars, char::is_whitespace);
    if chars.next_if_eq(&'=').is_none() {
        return if quoted { Ok((METRIC_NAME.to_owned(), name)) } else { Err(format!("`=` after `{name}`")) };
    }
    skip(chars, char::is_whitespace);
    Ok((name, string(chars)?))
}

fn skip(chars: &mut Peekable<Chars<'_>>, what: fn(char) -> bool) {
    while chars.next_if(|c| what(*c)).is_some() {}
}

/// The text within the quotes of a whole line.
pub(super) fn quoted(text: &str) -> Result<String, String> {
    let mut chars = text.chars().peekable();
    let inner = string(&mut chars)?;
    if chars.peek().is_some() { Err(format!("`{text}` goes on after its quotes")) } else { Ok(inner) }
}

/// A quoted string with the escapes of PromQL.
fn string(chars: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let quote = chars.next().filter(|c| matches!(c, '"' | '\'' | '`')).ok_or("a quoted string is missing")?;
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(text),
            '\\' if quote != '`' => text.push(escaped(chars)?),
            c => text.push(c),
        }
    }
    Err("a string is not closed".to_owned())
}

/// What follows a backslash.
fn escaped(chars: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    Ok(match chars.next().ok_or("a string ends with a backslash")? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'v' => '\x0b',
        'x' => code_point(chars, 2)?,
        'u' => code_point(chars, 4)?,
        'U' => code_point(chars, 8)?,
        other => other,
    })
}

fn code_point(chars: &mut Peekable<Chars<'_>>, digits: usize) -> Result<char, String> {
    let text: String = chars.by_ref().take(digits).collect();
    let code = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
    code.ok_or_else(|| format!("`{text}` is no character"))
}

/// The items of a line: separated by blanks, but not within the braces of a histogram.
fn items(rest: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    rest.split(move |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c.is_whitespace() && depth == 0
    })
    .filter(|item| !item.is_empty())
}

fn expand(item: &str) -> Result<Vec<Option<f64>>, String> {
    if item.starts_with("{{") {
        let count = item.rfind("}}x").and_then(|at| item.get(at + 3..)).map_or(Ok(0), repeats)?;
        return Ok(vec![None; count + 1]);
    }
    if let Some(rest) = item.strip_prefix('_') {
        let count = rest.strip_prefix('x').map_or(Ok(1), repeats)?;
        return Ok(vec![None; count]);
    }
    let Some((head, count)) = item.rsplit_once('x') else { return Ok(vec![Some(number(item)?)]) };
    let count = repeats(count)?;
    let Some(sign) =
        head.char_indices().skip(1).find(|(at, c)| is_delta_sign(head, *at, *c)).map(|(at, _)| at)
    else {
        return Ok(repeat_n(Some(number(head)?), count + 1).collect());
    };
    let (base, delta) = head.split_at(sign);
    let (base, delta) = (number(base)?, number(delta)?);
    // Added step by step, as the originals are, so that rounding is the same.
    let steps = std::iter::successors(Some(base), |value| Some(value + delta));
    Ok(steps.take(count + 1).map(Some).collect())
}

fn is_delta_sign(head: &str, at: usize, c: char) -> bool {
    let after_exponent = head.get(..at).is_some_and(|before| before.ends_with(['e', 'E']));
    matches!(c, '+' | '-') && !after_exponent
}

fn repeats(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|_| format!("`{text}` is no count"))?;
    if count > REPEATS_MAX { Err(format!("{count} values are too many")) } else { Ok(count) }
}

/// A number, or `stale`.
pub(super) fn number(text: &str) -> Result<f64, String> {
    if text == "stale" {
        return Ok(stale_nan());
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |digits| (-1.0, digits));
    if let Some(hex) = digits.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16)
            .map(|number| sign * number as f64)
            .map_err(|_| format!("`{text}` is no number"));
    }
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a 1 2", "a", "1 2")]
    #[case("{x=\"y\"} 0+2x2 _x2 -1", "{x=\"y\"}", "0 2 4 _ _ -1")]
    #[case("a{x='y',} 1e-3x1 10-5x2", "a{x=\"y\"}", "0.001 0.001 10 5 0")]
    #[case("{`a`, b='\\u00e9\\x41'} -Inf NaN", "a{b=\"éA\"}", "-inf NaN")]
    #[case("{\"a b\", \"c d\"=\"e\\n\"} Inf", "a b{c d=\"e\\n\"}", "inf")]
    fn notations(#[case] line: &str, #[case] labels: &str, #[case] values: &str) {
        let written = series(line).unwrap();
        let shown: Vec<String> =
            written.values.iter().map(|v| v.map_or("_".to_owned(), |v| v.to_string())).collect();
        assert_eq!((written.labels.to_string().as_str(), shown.join(" ").as_str()), (labels, values));
    }

    #[test]
    fn histograms_are_gaps() {
        let written = series("a {{sum:1 count:2}}x2 5").unwrap();
        assert_eq!(written.values, [None, None, None, Some(5.0)]);
        assert!(written.native);
    }
}
