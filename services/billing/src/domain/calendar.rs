//! Business days, by which an application is due (BIL-1).

use jiff::{
    Timestamp,
    civil::{Date, Weekday},
};
use pass_types::{Invalid, TimeZone};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// How many business days an application may wait.
const DAYS: usize = 3;

/// Which days are business days: Monday to Friday, but for holidays, where the business is.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: jiff::tz::TimeZone,
    holidays: BTreeSet<Date>,
}

impl Calendar {
    /// One of a time zone, with holidays as `2026-12-31`.
    pub fn new<S: AsRef<str>>(zone: &TimeZone, holidays: &[S]) -> Result<Self, Invalid> {
        let date = |text: &S| {
            let date = Date::strptime("%Y-%m-%d", text.as_ref());
            date.map_err(|_| Invalid("must be dates, for instance 2026-12-31"))
        };
        Ok(Self {
            zone: jiff::tz::TimeZone::get(zone.as_str())
                .map_err(|_| Invalid("must be an IANA time zone, for instance Asia/Tokyo"))?,
            holidays: holidays.iter().map(date).collect::<Result<_, _>>()?,
        })
    }

    /// When an application of `submitted` is due: the end of the third business day after the day, where
    /// the business is, on which it was submitted.
    pub fn due(&self, submitted: OffsetDateTime) -> OffsetDateTime {
        let mut last = self.day(submitted);
        let mut left = DAYS;
        while left > 0 {
            last = next(last);
            if self.is_business_day(last) {
                left -= 1;
            }
        }
        self.end(last)
    }

    /// Which day it is where the business is.
    fn day(&self, at: OffsetDateTime) -> Date {
        let at = Timestamp::from_second(at.unix_timestamp()).expect("a clock shows a time that jiff knows");
        at.to_zoned(self.zone.clone()).date()
    }

    fn is_business_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.holidays.contains(&day)
    }

    /// The instant at which the day is over: the first of the next one, whatever the clocks do at midnight.
    fn end(&self, day: Date) -> OffsetDateTime {
        let end = next(day).to_zoned(self.zone.clone()).expect("days of our time begin in every zone");
        let seconds = end.timestamp().as_second();
        OffsetDateTime::from_unix_timestamp(seconds).expect("jiff's times are in the range of time's")
    }
}

fn next(day: Date) -> Date {
    day.tomorrow().expect("the year 9999 is not over")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn tokyo(holidays: &[&str]) -> Calendar {
        Calendar::new(&"Asia/Tokyo".parse().unwrap(), holidays).unwrap()
    }

    /// proves BIL-1: due in 3 business days, at the end of the third
    #[test]
    fn three_business_days() {
        let calendar = tokyo(&[]);
        // 2026-03-02 is a Monday; in Tokyo a day ends at 15:00 UTC.
        let thursday = datetime!(2026-03-05 15:00 UTC);
        assert_eq!(calendar.due(datetime!(2026-03-02 00:00 UTC)), thursday);
        assert_eq!(calendar.due(datetime!(2026-03-01 15:00 UTC)), thursday, "the first instant of Monday");
        assert_eq!(calendar.due(datetime!(2026-03-02 14:59:59.999999 UTC)), thursday, "its last");
        assert_eq!(calendar.due(datetime!(2026-03-02 15:00 UTC)), datetime!(2026-03-06 15:00 UTC));
        assert_eq!(
            calendar.due(datetime!(2026-03-04 03:00 UTC)),
            datetime!(2026-03-09 15:00 UTC),
            "Wednesday"
        );
        for weekend in [datetime!(2026-02-28 03:00 UTC), datetime!(2026-03-01 03:00 UTC)] {
            assert_eq!(calendar.due(weekend), datetime!(2026-03-04 15:00 UTC));
        }
    }

    /// proves BIL-1: holidays are no business days
    #[test]
    fn holidays() {
        let calendar = tokyo(&["2026-12-31", "2027-01-01"]);
        // Wednesday; then Thursday and Friday are off, Monday to Wednesday count.
        assert_eq!(calendar.due(datetime!(2026-12-30 03:00 UTC)), datetime!(2027-01-06 15:00 UTC));
    }

    /// A day that has no midnight ends all the same: in Beirut clocks go from 0:00 to 1:00.
    #[test]
    fn clocks_that_change_at_midnight() {
        let calendar = Calendar::new::<&str>(&"Asia/Beirut".parse().unwrap(), &[]).unwrap();
        let sunday_is_short = Date::new(2026, 3, 28).unwrap();
        assert_eq!(calendar.end(sunday_is_short), datetime!(2026-03-28 22:00 UTC));
        assert_eq!(calendar.end(next(sunday_is_short)), datetime!(2026-03-29 21:00 UTC));
    }

    #[test]
    fn wrong_holidays() {
        for bad in ["", "2026-02-30", "31.12.2026", "2026-12-31T00:00"] {
            assert!(Calendar::new(&TimeZone::utc(), &[bad]).is_err(), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        /// proves BIL-1: whenever it is submitted and whatever the holidays, exactly three business days
        /// lie between the day of the application and the due time, which ends the third; who applies
        /// later is not due earlier
        #[test]
        fn due_times(
            second in 1_700_000_000_i64..1_900_000_000,
            later in 0_i64..1_000_000,
            offs in prop::collection::btree_set(1_i64..20, 0..6),
            zone in prop::sample::select(vec!["Asia/Tokyo", "UTC", "America/New_York", "Asia/Beirut"]),
        ) {
            let submitted = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let zone: TimeZone = zone.parse().unwrap();
            let plain = Calendar::new::<&str>(&zone, &[]).unwrap();
            let day = plain.day(submitted);
            let holidays: BTreeSet<Date> =
                offs.iter().map(|days| day.checked_add(jiff::Span::new().days(*days)).unwrap()).collect();
            let names: Vec<String> = holidays.iter().map(ToString::to_string).collect();
            let calendar = Calendar::new(&zone, &names).unwrap();
            let due = calendar.due(submitted);
            prop_assert_eq!(calendar.due(submitted), due);

            let last = calendar.day(due - time::Duration::SECOND);
            prop_assert_eq!(calendar.day(due), next(last), "it is the end of a day");
            let open = |day: &Date| day.weekday().to_monday_one_offset() <= 5 && !holidays.contains(day);
            prop_assert!(open(&last));
            let between = std::iter::successors(Some(next(day)), |it| Some(next(*it)));
            prop_assert_eq!(between.take_while(|it| *it <= last).filter(open).count(), 3);
            prop_assert!(calendar.due(submitted + time::Duration::seconds(later)) >= due);
        }
    }
}
