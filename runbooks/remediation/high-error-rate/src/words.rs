//! How figures read on the timeline.

/// A share in percent, with as many digits as matter.
pub(crate) fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent != 0.0 && percent.abs() < 10.0 { format!("{percent:.2} %") } else { format!("{percent:.0} %") }
}

/// A span of milliseconds in its two largest units.
pub(crate) fn span(ms: i64) -> String {
    let secs = ms.max(0) / 1_000;
    let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{secs} s"),
        (0, 0, _) => format!("{minutes} min {} s", secs % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The text, cut to so many characters.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(
            [0.0, 0.0012, 0.034, 0.4149, 1.0].map(percent),
            ["0 %", "0.12 %", "3.40 %", "41 %", "100 %"]
        );
        assert_eq!([-5, 900, 59_999, 61_000].map(span), ["0 s", "0 s", "59 s", "1 min 1 s"]);
        assert_eq!([3_660_000, 90_000_000].map(span), ["1 h 1 min", "1 d 1 h"]);
        assert_eq!((shortened("äöü", 3).as_str(), shortened("äöüß", 3).as_str()), ("äöü", "äöü..."));
    }
}
