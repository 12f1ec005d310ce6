//! The walk: every RPC of the contract and every route of gateway and console, called as everybody who
//! must not. Nobody gets anything that is another organization's, nobody changes what is not theirs, and
//! whatever comes in, the answer is a documented refusal.
//!
//! What there is to walk comes from the descriptors and the route tables. `rpc_table.rs` and
//! `route_table.rs`, with their parts beside them, say for each how to ask and what each kind of caller gets;
//! something new without a row fails the test, and so does a row whose thing is gone.
//! `fixture.rs` makes the people and what is theirs (with `people.rs`, `asker.rs`, `nulab_pass.rs`, `saml.rs`),
//! `rpcs.rs` and `routes.rs` walk. `wire.rs` calls without generated clients, `spoiled.rs` makes bad input,
//! `unchanged.rs` compares the databases, `logs.rs` reads what was logged.

mod asker;
mod credentials;
mod fixture;
mod login_alert;
mod logs;
mod nulab_pass;
mod people;
mod route_row;
mod route_table;
mod route_table_pass;
mod route_table_profile;
mod route_table_saml;
mod route_table_second_factor;
mod route_table_security;
mod routes;
mod rpc_row;
mod rpc_table;
mod rpc_table_managed;
mod rpc_table_pass;
mod rpc_table_profile;
mod rpc_table_saml;
mod rpc_table_second_factor;
mod rpc_table_security;
mod rpcs;
mod saml;
mod spaces;
mod spoiled;
mod unchanged;
mod visitor;
mod wire;
