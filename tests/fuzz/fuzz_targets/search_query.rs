//! What is typed into the search, as it is and as a case's own texts are cleaned. It is nothing, too much, or words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use views::search::Query;

fuzz_target!(|data: &str| {
    drop(Query::parse(data));
    drop(Query::parse(&domain::text::clean(data)));
});
