//! Pages of long lists, newest first. A cursor names the last item that was shown by what the list is ordered by, so that
//! items which come or go meanwhile are neither shown twice nor left out.

use ballast_types::Timestamp;

use super::problem::ProblemError;

/// How many items a page has where nobody says.
pub(crate) const LIMIT_DEFAULT: usize = 50;
/// Most items of a page.
pub(crate) const LIMIT_MAX: usize = 500;

/// An item's place in its list: the instant, and the number in its id where two share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(i64, u64);

impl Place {
    /// The place of what began at `at` under an id like `INC-42`.
    pub(crate) fn of(at: Timestamp, id: &str) -> Self {
        Place(at.as_millis(), id.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0))
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, number) = text.split_once('.')?;
        Some(Place(at.parse().ok()?, number.parse().ok()?))
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    limit: usize,
    before: Option<Place>,
}

impl Window {
    /// Reads the parameters `limit` and `cursor`.
    pub(crate) fn parse(limit: Option<usize>, cursor: Option<&str>) -> Result<Self, ProblemError> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(ProblemError::field("limit", format!("{limit} is not from 1 to {LIMIT_MAX}")));
        }
        let unknown = || ProblemError::field("cursor", "it is none that a list has given out");
        let before = cursor.map(|text| Place::parse(text).ok_or_else(unknown)).transpose()?;
        Ok(Window { limit, before })
    }

    /// The wanted part, newest first, and the cursor of the part after it.
    pub(crate) fn of<T>(
        self,
        items: impl Iterator<Item = T>,
        place: impl Fn(&T) -> Place,
    ) -> (Vec<T>, Option<String>) {
        let mut items: Vec<(Place, T)> = items.map(|item| (place(&item), item)).collect();
        items.retain(|(place, _)| self.before.is_none_or(|before| *place < before));
        items.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let last = items.last().filter(|_| more).map(|(Place(at, number), _)| format!("{at}.{number}"));
        (items.into_iter().map(|(_, item)| item).collect(), last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(item: &(i64, &str)) -> Place {
        Place::of(Timestamp::from_millis(item.0), item.1)
    }

    #[test]
    fn pages_neither_repeat_nor_leave_out_though_items_come_meanwhile() {
        let mut items = vec![(1, "INC-1"), (5, "INC-9"), (5, "INC-10"), (3, "INC-2")];
        let (page, cursor) = Window::parse(Some(2), None).unwrap().of(items.iter(), |item| place(item));
        assert_eq!(page, [&(5, "INC-10"), &(5, "INC-9")]);
        items.push((7, "INC-11"));
        let (page, cursor) =
            Window::parse(Some(2), cursor.as_deref()).unwrap().of(items.iter(), |item| place(item));
        assert_eq!((page, cursor), (vec![&(3, "INC-2"), &(1, "INC-1")], None));
    }

    #[test]
    fn limits_and_cursors_are_checked() {
        assert!(Window::parse(Some(500), None).is_ok());
        let message = |limit, cursor| Window::parse(limit, cursor).unwrap_err().message;
        assert_eq!(message(Some(501), None), "501 is not from 1 to 500");
        assert_eq!(message(Some(0), None), "0 is not from 1 to 500");
        assert_eq!(message(None, Some("INC-1")), "it is none that a list has given out");
    }
}
