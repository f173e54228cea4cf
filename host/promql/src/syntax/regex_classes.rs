//! Classes of characters in RE2's regular expressions, for the regex crate: `[..]`, `\d` and its like, `\pL`.
//!
//! Every character is written so that the regex crate takes it for itself: it gives `&&`, `--`, `~~` and an inner bracket a
//! meaning that RE2 does not. RE2's `\d`, `\s` and `\w` are ASCII.

use super::regexes::Translation;

/// What a class of Unicode counts for, in single characters: so much larger is it when compiled.
pub(super) const UNICODE_CLASS_SIZE: u64 = 300;

/// Names that may stand in `[:..:]`.
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

impl Translation<'_> {
    /// `\d` and its like as what stands between brackets; RE2's are ASCII.
    pub(super) fn class_escape(&mut self) -> Result<String, String> {
        Ok(match self.rest.next() {
            Some('d') => "0-9".to_owned(),
            Some('D') => "[^0-9]".to_owned(),
            Some('s') => "\\t\\n\\x0c\\r ".to_owned(),
            Some('S') => "[^\\t\\n\\x0c\\r ]".to_owned(),
            Some('w') => "0-9A-Za-z_".to_owned(),
            Some('W') => "[^0-9A-Za-z_]".to_owned(),
            Some(p @ ('p' | 'P')) => return self.unicode_class(p),
            _ => return Err(format!("invalid escape sequence in `{}`", self.pattern)),
        })
    }

    /// `\pL`, `\p{Greek}`, and RE2's `\p{^Greek}`, which is `\P{Greek}`.
    fn unicode_class(&mut self, p: char) -> Result<String, String> {
        let pattern = self.pattern;
        let invalid = || format!("invalid character class range in `{pattern}`");
        let (negated, name) = match self.rest.next() {
            Some('{') => {
                let length = self.rest.as_str().find('}').ok_or_else(invalid)?;
                let name = self.take(length);
                self.rest.next();
                match name.strip_prefix('^') {
                    Some(name) => (true, name.to_owned()),
                    None => (false, name),
                }
            }
            Some(letter) => (false, letter.to_string()),
            None => return Err(invalid()),
        };
        let p = if negated == (p == 'P') { 'p' } else { 'P' };
        Ok(format!("\\{p}{{{name}}}"))
    }

    /// `[..]`: in RE2 a bracket, `&` and `~` within are nothing special.
    pub(super) fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.accept('^') {
            self.out.push('^');
        }
        let (mut is_first, start) = (true, self.out.len());
        while is_first || !self.accept(']') {
            is_first = false;
            self.class_item()?;
        }
        let items = self.out.get(start..).unwrap_or_default();
        let unicode = items.matches("\\p{").count() + items.matches("\\P{").count();
        self.size.add(items.len() as u64 + unicode as u64 * UNICODE_CLASS_SIZE);
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self) -> Result<(), String> {
        if let Some(named) = self.rest.as_str().strip_prefix("[:")
            && let Some(length) = named.find(":]")
        {
            let named = self.take(length + 4);
            let name = named.trim_start_matches(['[', ':', '^']).trim_end_matches([':', ']']);
            if !NAMED.contains(&name) {
                return Err(format!("invalid character class range: `{named}`"));
            }
            self.out.push_str(&named);
            return Ok(());
        }
        let mut behind = self.rest.as_str().chars();
        if behind.next() == Some('\\') && behind.next().is_some_and(|c| "dDsSwWpP".contains(c)) {
            self.rest.next();
            let class = self.class_escape()?;
            self.out.push_str(&class);
            return Ok(());
        }
        let low = self.class_char()?;
        let rest = self.rest.as_str();
        self.literal(low);
        if rest.starts_with('-') && !rest.starts_with("-]") && rest.len() > 1 {
            self.rest.next();
            let high = self.class_char()?;
            if high < low {
                return Err(format!("invalid character class range: `{low}-{high}`"));
            }
            self.out.push('-');
            self.literal(high);
        }
        Ok(())
    }

    fn class_char(&mut self) -> Result<char, String> {
        match self.rest.next() {
            Some('\\') => self.escaped_char(),
            Some(c) => Ok(c),
            None => Err(format!("missing closing ]: `{}`", self.pattern)),
        }
    }
}
