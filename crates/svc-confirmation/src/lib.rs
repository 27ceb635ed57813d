//! Callback and the owed written confirmation: receipt, comparison, reminders, overdue.
