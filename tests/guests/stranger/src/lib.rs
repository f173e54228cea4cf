//! A component of a world that has nothing to do with Ballast.

wit_bindgen::generate!({ path: "wit", world: "acme:greeting/greeter" });

struct Stranger;

impl Guest for Stranger {
    fn greet(name: String) -> String {
        format!("hello, {name}")
    }
}

export!(Stranger);
