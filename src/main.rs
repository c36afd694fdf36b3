//! The command line; nothing else.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    saldo::server::commands::run().await
}
