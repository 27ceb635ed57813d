//! Positions and rounds until the sides agree or not, and closure by two keys.
