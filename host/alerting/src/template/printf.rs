//! Go's `printf` over template values. What does not fit its verb is written into the text as Go does it
//! (`%!d(string=x)`), so that a slip in an annotation never costs the alert.

use std::iter::Peekable;
use std::str::Chars;

use super::float;
use super::value::Value;

/// Widest padding and longest precision; beyond, the text is no text for people.
const WIDTH_MAX: usize = 1000;

/// What stands between `%` and the verb.
#[derive(Default)]
struct Directive {
    plus: bool,
    minus: bool,
    blank: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats `arguments` as `format` says.
pub(super) fn sprintf(format: &str, arguments: &[Value]) -> String {
    let mut text = String::new();
    let mut left = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '%' {
            text.push(char);
            continue;
        }
        let directive = directive(&mut chars);
        match chars.next() {
            None => text.push_str("%!(NOVERB)"),
            Some('%') => text.push('%'),
            Some(verb) => match left.next() {
                Some(value) => text.push_str(&padded(&directive, value, &formatted(&directive, verb, value))),
                None => text.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
    }
    let extra: Vec<String> = left.map(|value| format!("{}={value}", value.type_name())).collect();
    if !extra.is_empty() {
        text.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    text
}

fn directive(chars: &mut Peekable<Chars<'_>>) -> Directive {
    let mut directive = Directive::default();
    while let Some(flag) = chars.next_if(|c| "+- 0#".contains(*c)) {
        match flag {
            '+' => directive.plus = true,
            '-' => directive.minus = true,
            ' ' => directive.blank = true,
            '0' => directive.zero = true,
            _ => directive.sharp = true,
        }
    }
    directive.width = digits(chars).unwrap_or(0);
    if chars.next_if_eq(&'.').is_some() {
        directive.precision = Some(digits(chars).unwrap_or(0));
    }
    directive
}

fn digits(chars: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let mut number = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
        let digit = usize::try_from(digit).unwrap_or(0);
        number = Some((number.unwrap_or(0usize) * 10 + digit).min(WIDTH_MAX));
    }
    number
}

fn formatted(directive: &Directive, verb: char, value: &Value) -> String {
    match (verb, value) {
        ('v', Value::Nil) => "<nil>".to_owned(),
        ('v', Value::Float(number)) => signed(directive, general(directive, *number)),
        ('v' | 'd', Value::Int(number)) => signed(directive, number.to_string()),
        ('v' | 't', Value::Bool(value)) => value.to_string(),
        ('v' | 's', Value::Text(text)) => cut(directive, text),
        ('v', other) => other.to_string(),
        ('s', Value::Labels(_) | Value::List(_) | Value::Sample(..)) => value.to_string(),
        ('q', Value::Text(text)) => quoted(&cut(directive, text)),
        ('x', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Value::Text(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ('T', value) => value.type_name().to_owned(),
        (_, Value::Int(number)) => integer(directive, verb, *number).unwrap_or_else(|| misfit(verb, value)),
        (_, Value::Float(number)) => {
            fraction(directive, verb, *number).unwrap_or_else(|| misfit(verb, value))
        }
        _ => misfit(verb, value),
    }
}

fn misfit(verb: char, value: &Value) -> String {
    match value {
        Value::Nil => format!("%!{verb}(<nil>)"),
        _ => format!("%!{verb}({}={value})", value.type_name()),
    }
}

fn general(directive: &Directive, number: f64) -> String {
    directive.precision.map_or_else(|| float::shortest(number), |digits| float::significant(number, digits))
}

fn fraction(directive: &Directive, verb: char, number: f64) -> Option<String> {
    let decimals = directive.precision.unwrap_or(6);
    let text = match verb {
        'f' | 'F' => float::fixed(number, decimals),
        'e' => float::exponential(number, decimals),
        'E' => float::exponential(number, decimals).to_uppercase(),
        'g' => general(directive, number),
        'G' => general(directive, number).to_uppercase(),
        _ => return None,
    };
    Some(signed(directive, text))
}

fn integer(directive: &Directive, verb: char, number: i64) -> Option<String> {
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    let prefix = |text| if directive.sharp { text } else { "" };
    let text = match verb {
        'b' => format!("{sign}{size:b}"),
        'o' => format!("{sign}{}{size:o}", prefix("0")),
        'x' => format!("{sign}{}{size:x}", prefix("0x")),
        'X' => format!("{sign}{}{size:X}", prefix("0X")),
        'c' => u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string(),
        _ => return None,
    };
    Some(text)
}

fn signed(directive: &Directive, text: String) -> String {
    match text.chars().next() {
        Some('-' | '+') => text,
        _ if directive.plus => format!("+{text}"),
        _ if directive.blank => format!(" {text}"),
        _ => text,
    }
}

fn cut(directive: &Directive, text: &str) -> String {
    directive.precision.map_or_else(|| text.to_owned(), |most| text.chars().take(most).collect())
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if u32::from(c) < 0x20 || u32::from(c) == 0x7f => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(c)))
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn padded(directive: &Directive, value: &Value, text: &str) -> String {
    let missing = directive.width.saturating_sub(text.chars().count());
    let finite = match value {
        Value::Int(_) => true,
        Value::Float(number) => number.is_finite(),
        _ => false,
    };
    if directive.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if !(directive.zero && finite) {
        return format!("{}{text}", " ".repeat(missing));
    }
    // Zeros go between the sign and the digits.
    let digits = text.trim_start_matches(['-', '+', ' ']);
    let sign = text.strip_suffix(digits).unwrap_or_default();
    format!("{sign}{}{digits}", "0".repeat(missing))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("%.2f%%", Value::Float(4.567), "4.57%")]
    #[case("%f", Value::Float(1.0), "1.000000")]
    #[case("%.3g", Value::Float(1234.0), "1.23e+03")]
    #[case("%e", Value::Float(1500.0), "1.500000e+03")]
    #[case("%v", Value::Float(1_000_000_000.0), "1e+09")]
    #[case("%d", Value::Float(3.0), "%!d(float64=3)")]
    #[case("%s", Value::Float(3.0), "%!s(float64=3)")]
    #[case("%.0f", Value::Float(2.5), "2")]
    #[case("%08.3f", Value::Float(-2.5), "-002.500")]
    #[case("%+d|", Value::Int(5), "+5|")]
    #[case("%5d|", Value::Int(5), "    5|")]
    #[case("%-5d|", Value::Int(5), "5    |")]
    #[case("%#x", Value::Int(255), "0xff")]
    #[case("%.2s", Value::text("abc"), "ab")]
    #[case("%q", Value::text("a\"b\n"), r#""a\"b\n""#)]
    #[case("%t", Value::Bool(true), "true")]
    #[case("%08v", Value::Float(f64::INFINITY), "    +Inf")]
    #[case("%d %d", Value::Int(1), "1 %!d(MISSING)")]
    #[case("none", Value::Int(1), "none%!(EXTRA int=1)")]
    #[case("%", Value::Int(1), "%!(NOVERB)%!(EXTRA int=1)")]
    fn as_go(#[case] format: &str, #[case] value: Value, #[case] expected: &str) {
        assert_eq!(sprintf(format, &[value]), expected);
    }

    #[test]
    fn a_width_is_bounded() {
        assert_eq!(sprintf("%99999999999999999999d", &[Value::Int(1)]).len(), WIDTH_MAX);
    }
}
