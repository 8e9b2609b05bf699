//! The server from outside, over real sockets: both ports, TLS, the routes, shutdown, and what stops a start.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::config::Durability;
use super::*;
use crate::net::tls::CERT_FILE;
use crate::protocol::{Account, AppId};

struct World {
    plain: SocketAddr,
    tls: SocketAddr,
    data: PathBuf,
    shutdown: ShutdownHandle,
    serving: JoinHandle<Result<(), ServeError>>,
    dir: tempfile::TempDir,
}

impl World {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let config = config(&dir.path().join("data"));
        Self::with(dir, config).await
    }

    async fn with(dir: tempfile::TempDir, config: Config) -> Self {
        let data = config.data.clone().expect("given");
        let server = Server::bind(config).await.expect("bound");
        Self {
            plain: server.plain_addr(),
            tls: server.tls_addr(),
            data,
            shutdown: server.shutdown_handle(),
            serving: tokio::spawn(server.serve()),
            dir,
        }
    }

    async fn plain(&self, request: &str) -> String {
        let stream = TcpStream::connect(self.plain).await.expect("connected");
        ask(stream, request).await
    }

    /// Over TLS, with the certificate of the data directory as the only one that is trusted.
    async fn secure(&self, name: &'static str, request: &str) -> String {
        ask(self.connect(name).await, request).await
    }

    async fn connect(&self, name: &'static str) -> TlsStream<TcpStream> {
        let cert = self.data.join(TLS_DIR).join(CERT_FILE);
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(cert).expect("a certificate"))
            .expect("trusted");
        let provider = Arc::new(crypto::ring::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.tls).await.expect("connected");
        TlsConnector::from(Arc::new(client))
            .connect(ServerName::try_from(name).expect("a name"), stream)
            .await
            .expect("trusted")
    }
}

fn config(data: &Path) -> Config {
    Config {
        data: Some(data.to_owned()),
        durability: Durability::Process,
        ..Config::default()
    }
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn both_ports_answer_and_the_certificate_has_the_names_that_clients_check() {
    let world = World::start().await;
    assert_eq!(world.tls.port(), world.plain.port() + 1);
    let port = world.plain.port();
    let list = format!("{{\"web\":[[\"127.0.0.1\",{port}],[\"127.0.0.1\",{port}]]}}");
    let request = get("/getaddr?vid=any");
    assert!(world.plain(&request).await.ends_with(&list));
    for name in ["localhost", "127.0.0.1", "127-0-0-1-sig-web.agora.io"] {
        assert!(
            world.secure(name, &request).await.ends_with(&list),
            "{name}"
        );
    }
    let old = world.plain("GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(
        old.starts_with("HTTP/1.1 200 OK\r\n") && old.ends_with("\r\n\r\nok\n"),
        "{old}"
    );
    let head = world.plain("HEAD /healthz HTTP/1.1\r\n\r\n").await;
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    let metrics = world.secure("localhost", &get("/metrics")).await;
    assert!(metrics.contains("callsign_sessions 0"), "{metrics}");
    let malformed = world.plain("what is this\r\n\r\n").await;
    assert!(malformed.starts_with("HTTP/1.1 400 "), "{malformed}");
}

#[tokio::test]
async fn a_client_signs_in_on_both_ports_and_is_let_go_in_good_order() {
    async fn sign_in<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
        const LOGIN: &str = r#"["login",{"vid":"any","account":"alice","uid":0,"token":"","device":"websdk","ip":""}]"#;
        let (mut ws, _) = tokio_tungstenite::client_async("ws://localhost/any", stream)
            .await
            .expect("a WebSocket");
        ws.send(Message::text(LOGIN)).await.expect("sent");
        let answer = ws.next().await.expect("an answer").expect("a message");
        let answer = answer.into_text().expect("text");
        assert!(answer.starts_with(r#"["login_ret",["","#), "{answer}");
        ws
    }
    let world = World::start().await;
    let plain = TcpStream::connect(world.plain).await.expect("connected");
    let mut plain = sign_in(plain).await;
    let mut secure = sign_in(world.connect("localhost").await).await;
    let metrics = world.plain(&get("/metrics")).await;
    assert!(
        metrics.contains("callsign_tls_connections_total 1"),
        "{metrics}"
    );
    // The second login displaced the first.
    while let Some(Ok(_)) = plain.next().await {}

    world.shutdown.shutdown();
    while let Some(Ok(_)) = secure.next().await {}
    world.serving.await.expect("ran").expect("in good order");
}

#[tokio::test]
async fn an_invitation_is_exchanged_over_tls_alone() {
    let world = World::start().await;
    let connection = store::open(&world.data, Durability::Process).expect("opened");
    let app = AppId::try_from("one").expect("an app id");
    let alice = Account::try_from("alice").expect("a name");
    let validity = std::time::Duration::from_secs(60);
    let code = invitation::invite(&connection, &app, &alice, validity, unix_s()).expect("kept");
    let body = format!("{{\"code\":\"{}\"}}", code.expose());
    let request = format!(
        "POST /invite HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let plain = world.plain(&request).await;
    assert!(plain.starts_with("HTTP/1.1 403 "), "{plain}");
    let first = world.secure("localhost", &request).await;
    assert!(
        first.starts_with("HTTP/1.1 200 ") && first.contains("\"account\":\"alice\""),
        "{first}"
    );
    let second = world.secure("localhost", &request).await;
    assert!(second.starts_with("HTTP/1.1 410 "), "{second}");
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_frees_ports_and_data() {
    let world = World::start().await;
    let silent = TcpStream::connect(world.plain).await.expect("connected");
    let ready = world.plain(&get("/healthz")).await;
    assert!(ready.contains("200 OK"), "{ready}");
    world.shutdown.shutdown();
    world.shutdown.shutdown();
    world.serving.await.expect("ran").expect("in good order");
    drop(silent);
    let again = Config {
        listen: world.plain,
        ..config(&world.data)
    };
    let server = Server::bind(again).await.expect("bound again");
    assert_eq!(
        server.ready_line(),
        format!("ready ws://{} wss://{}", world.plain, world.tls)
    );
    drop(world.dir);
}

#[tokio::test]
async fn ports_and_data_in_use_stop_a_start_with_the_reason() {
    let world = World::start().await;
    let elsewhere = world.dir.path().join("elsewhere");
    let taken = Config {
        listen: world.plain,
        ..config(&elsewhere)
    };
    let error = Server::bind(taken).await.expect_err("refused");
    assert!(
        matches!(error, BindError::PortTaken { address } if address == world.plain),
        "{error}"
    );
    let error = Server::bind(config(&world.data))
        .await
        .expect_err("refused");
    assert!(
        matches!(error, BindError::Store(store::OpenError::InUse { .. })),
        "{error}"
    );
    let open = Config {
        listen: "0.0.0.0:0".parse().expect("an address"),
        ..Config::default()
    };
    let error = Server::bind(open).await.expect_err("refused");
    assert!(matches!(error, BindError::Config(_)), "{error}");
}

#[tokio::test]
async fn without_a_data_directory_nothing_is_needed_on_disk() {
    let server = Server::bind(Config::default()).await.expect("bound");
    let plain = server.plain_addr();
    let shutdown = server.shutdown_handle();
    let serving = tokio::spawn(server.serve());
    let stream = TcpStream::connect(plain).await.expect("connected");
    assert!(ask(stream, &get("/healthz")).await.ends_with("ok\n"));
    shutdown.shutdown();
    serving.await.expect("ran").expect("in good order");
}

#[test]
fn the_admin_token_is_made_once() {
    let dir = tempfile::tempdir().expect("a directory");
    admin_token(dir.path()).expect("made");
    let path = dir.path().join(ADMIN_TOKEN_FILE);
    let first = std::fs::read_to_string(&path).expect("read");
    assert_eq!(first.trim().len(), 43);
    admin_token(dir.path()).expect("kept");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), first);
}

/// A client that has signed in on the plain port.
async fn signed_in(plain: SocketAddr, account: &str) -> (WebSocketStream<TcpStream>, String) {
    let stream = TcpStream::connect(plain).await.expect("connected");
    let (mut ws, _) = tokio_tungstenite::client_async("ws://localhost/", stream)
        .await
        .expect("a WebSocket");
    let login = json!({"vid": "any", "account": account, "uid": 0, "token": "", "device": "websdk", "ip": ""});
    ws.send(Message::text(json!(["login", login]).to_string()))
        .await
        .expect("sent");
    let answer = ws.next().await.expect("an answer").expect("a message");
    let answer: Value = serde_json::from_str(answer.to_text().expect("text")).expect("JSON");
    let grant = answer[1][1].as_str().expect("text");
    let grant: Value = serde_json::from_str(grant).expect("JSON");
    (ws, grant["line"].as_str().expect("a line").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_may_have_any_number_of_calls_on_their_way() {
    const CALLS: usize = 20_000;
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = config(dir.path());
    config.durability = Durability::Disk;
    config.limits.inbox = 0;
    let world = World::with(dir, config).await;
    let (ws, line) = signed_in(world.plain, "alice").await;
    let (mut writer, mut reader) = ws.split();
    let writing = tokio::spawn(async move {
        for n in 0..CALLS {
            let args = json!({"line": line, "peer": "bob", "flag": "v1:E:3600", "t": "instant",
                "content": "hello"});
            let call = json!(["call2", ["user_sendmsg", n, args]]).to_string();
            writer.feed(Message::text(call)).await.expect("sent");
        }
        writer.flush().await.expect("sent");
        writer
    });
    for n in 0..CALLS {
        let answer = reader.next().await.expect("an answer").expect("a message");
        let answer = answer.to_text().expect("text");
        assert!(
            answer.starts_with(&format!(r#"["call2-ret",[{n},"","#)) && answer.contains("ok"),
            "{answer}"
        );
    }
    drop((writing.await.expect("written"), reader));
    world.shutdown.shutdown();
    world.serving.await.expect("ran").expect("in good order");
}

#[tokio::test]
async fn serving_that_is_broken_off_sends_everybody_away_and_frees_the_data() {
    let world = World::start().await;
    let (mut client, _line) = signed_in(world.plain, "alice").await;
    world.serving.abort();
    let mut last = None;
    while let Some(Ok(message)) = client.next().await {
        last = Some(message);
    }
    assert!(
        matches!(&last, Some(Message::Close(Some(frame))) if u16::from(frame.code) == 1001),
        "{last:?}"
    );
    // The directory is given back by another thread, shortly after the last client has left.
    let again = config(&world.data);
    let server = loop {
        match Server::bind(again.clone()).await {
            Ok(server) => break server,
            Err(BindError::Store(store::OpenError::InUse { .. })) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    drop(server);
}
