//! tmp
fn main() {
    print!("{}", svc_api::spec::text(&svc_api::spec::document()));
}
