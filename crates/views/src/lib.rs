//! The fold of the log that all services of a process share: live cases, agenda, lists.
