//! What the end-to-end tests share: finding the binaries, starting the real host and the platform, asking the API.
//! No test lives here.
