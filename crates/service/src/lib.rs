//! The chassis: Service, configuration, clock, lifecycle, health, HTTP and problem+json helpers.
