//! "Did you mean": the known word that a misspelt one is closest to.

/// The closest of `known` where it is close enough to be meant.
pub(super) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = word.chars().count().max(3) / 3;
    let ranked = known.iter().map(|candidate| {
        // Letters in another order, as in `fro`, are one slip.
        (if letters(word) == letters(candidate) { 1 } else { distance(word, candidate) }, *candidate)
    });
    ranked.filter(|(distance, _)| *distance <= limit).min().map(|(_, candidate)| candidate)
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Levenshtein's distance: how many characters to insert, drop or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for (pair, to) in row.windows(2).zip(&b) {
            let [diagonal, above] = pair else { continue };
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != *to));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_misses_are_suggested() {
        let known = ["alert", "expr", "for", "keep_firing_for", "annotations"];
        let meant = |word| closest(word, &known);
        assert_eq!(
            [meant("annotation"), meant("expression"), meant("fro"), meant("Expr")],
            [Some("annotations"), None, Some("for"), Some("expr")]
        );
        assert_eq!(
            [meant("keep_fireing_for"), meant("fr"), meant("xyz")],
            [Some("keep_firing_for"), Some("for"), None]
        );
    }
}
