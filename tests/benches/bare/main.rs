//! The server that figures are compared with: tokio-tungstenite and nothing else. Every text that a connection sends goes
//! to all connections, the sender's own included; nothing is read in it, nobody signs in.
//!
//! `cargo bench --bench bare -- --listen 127.0.0.1:7900` prints `ready ws://127.0.0.1:7900` once it serves.
//!
//! It does what is known to be fast: 4 KiB buffers; one task a connection that writes, which feeds all it has and then
//! flushes; one text, shared by all queues. Queues are bounded: a connection whose queue is full is cut.

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// What is read at once, and what is collected before it is written.
const BUFFER: usize = 4096;
/// Texts waiting for one connection. When full, it is cut.
const QUEUE: usize = 512;

/// The server that figures are compared with.
#[derive(Parser)]
struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

type Queues = Arc<Mutex<HashMap<u64, mpsc::Sender<Utf8Bytes>>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(listen) = Args::parse().listen else {
        println!("cargo bench --bench bare -- --listen 127.0.0.1:7900");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(listen))
}

async fn serve(listen: SocketAddr) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(listen).await?;
    println!("ready ws://{}", listener.local_addr()?);
    let queues = Queues::default();
    for number in 0.. {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(number, stream, Arc::clone(&queues)));
    }
    Ok(())
}

async fn connection(number: u64, stream: TcpStream, queues: Queues) {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(16 * BUFFER);
    let Ok(ws) = accept_async_with_config(stream, Some(config)).await else {
        return;
    };
    let (mut sink, mut stream) = ws.split();
    let (queue_tx, mut queue_rx) = mpsc::channel::<Utf8Bytes>(QUEUE);
    lock(&queues).insert(number, queue_tx);
    tokio::spawn(async move {
        while let Some(text) = queue_rx.recv().await {
            let mut next = Ok(text);
            while let Ok(text) = next {
                if sink.feed(Message::Text(text)).await.is_err() {
                    return;
                }
                next = queue_rx.try_recv();
            }
            if sink.flush().await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            lock(&queues).retain(|_, queue| queue.try_send(text.clone()).is_ok());
        }
    }
    lock(&queues).remove(&number);
}

fn lock(queues: &Queues) -> std::sync::MutexGuard<'_, HashMap<u64, mpsc::Sender<Utf8Bytes>>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}
