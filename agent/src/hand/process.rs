//! The hand's own process: one thread, one loop.
//!
//! Priority to the stop: before every single thing it does, the loop has read all that the
//! devices reported and all that the agent sent. So a flood of input can delay a stop by one
//! injection at most, and a stop overtakes all input that waits.

use std::{
    io::{self, Write as _},
    os::fd::AsFd,
    process::ExitCode,
    time::Instant,
};

use deskhand_protocol::control::StopCause;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_setfl},
};
use x11rb::rust_connection::RustConnection;

use super::{
    act::{ActError, Acted, Actor},
    desk_x11::X11Desk,
    gate::{Gate, Input, Output},
    inject::{InjectError, Native, Sent},
    physical::DeviceWatch,
    queue::{Full, Queue},
    wire::{self, Command, Event, Unframer},
    xerror::XError,
    xtest::release_xtest,
};

/// How often the pipe is read before the devices are looked at again.
const READS: usize = 4;

/// Why the hand ends before its time.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Display(#[from] XError),
    #[error(transparent)]
    Act(#[from] ActError),
    #[error(transparent)]
    Inject(#[from] InjectError),
    #[error(transparent)]
    Agent(#[from] wire::Malformed),
    #[error("the agent cannot be reached: {0}")]
    Pipe(#[from] io::Error),
    #[error("no display is named: DISPLAY is not set")]
    NoDisplay,
    #[error("the agent sends more than can be done")]
    Flooded,
}

/// Runs the hand on the display that `DISPLAY` names: commands come on standard input, events
/// go to standard output. Ends when standard input closes, having released everything.
pub fn run() -> ExitCode {
    // A session of its own, so that Ctrl+C in the agent's terminal never reaches it. It fails
    // only if this is one already.
    let _ = rustix::process::setsid();
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(ended) => {
            tracing::warn!(%ended, "the hand cannot go on");
            // The agent may be the one that is gone.
            let _ = tell(&Event::Fault(ended.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), Ended> {
    let display = std::env::var("DISPLAY").map_err(|_| Ended::NoDisplay)?;
    // An agent that does not listen must not stop the hand from letting go.
    fcntl_setfl(io::stdout(), OFlags::NONBLOCK).map_err(io::Error::from)?;
    let mut hand = Process::open(&display)?;
    tell(&Event::Ready)?;
    let result = hand.work();
    // Whatever happened, nothing stays down.
    let released = hand.actor.release_all();
    result?;
    Ok(released?)
}

struct Process {
    watch: DeviceWatch,
    actor: Actor<Native, X11Desk>,
    gate: Gate,
    queue: Queue,
    /// Until then the input at the head of the queue has to wait, and what comes after it.
    not_before: Option<Instant>,
    unframer: Unframer,
    /// The agent closed the pipe.
    closed: bool,
}

impl Process {
    fn open(display: &str) -> Result<Self, Ended> {
        let released = release_xtest(display)?;
        if released > 0 {
            tracing::info!(released, "released what an earlier program held");
        }
        let agent = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
        let sent = Sent::default();
        let watch = DeviceWatch::open(display, Sent::clone(&sent))?;
        let desk = X11Desk::open(display, agent.unsigned_abs())?;
        let native = Native::open(display, sent)?;
        Ok(Self {
            watch,
            actor: Actor::new(native, desk),
            gate: Gate::default(),
            queue: Queue::default(),
            not_before: None,
            unframer: Unframer::default(),
            closed: false,
        })
    }

    /// Works until the agent closes the pipe.
    fn work(&mut self) -> Result<(), Ended> {
        loop {
            self.devices()?;
            self.pipe()?;
            if self.closed {
                return Ok(());
            }
            match self.next() {
                Some(command) => self.obey(command)?,
                None => self.wait()?,
            }
        }
    }

    /// The next command whose time has come.
    fn next(&mut self) -> Option<Command> {
        if self.not_before.is_some_and(|at| Instant::now() < at) {
            return self.queue.pop_order();
        }
        self.not_before = None;
        self.queue.pop()
    }

    fn obey(&mut self, command: Command) -> Result<(), Ended> {
        let is_event = matches!(command, Command::Input(_));
        self.not_before = self.take(Input::Command(command.clone()))?;
        // The page's heartbeats bring this about four times a second, which is sooner than keys
        // begin to repeat; motion, which comes far more often and keeps nothing down, does not.
        if is_event {
            self.actor.mind_own_focus()?;
        }
        if self.not_before.is_some() {
            // The gate judges it again by then.
            self.queue.put_back(command);
        }
        Ok(())
    }

    /// Everything that people did.
    fn devices(&mut self) -> Result<(), Ended> {
        while let Some(person) = self.watch.next(Instant::now())? {
            self.take(Input::Physical(person))?;
        }
        Ok(())
    }

    /// Everything that the agent sent.
    fn pipe(&mut self) -> Result<(), Ended> {
        let mut buffer = [0; 16 * 1024];
        for _ in 0..READS {
            if !readable(&io::stdin())? {
                return Ok(());
            }
            let count = rustix::io::read(io::stdin(), &mut buffer).map_err(io::Error::from)?;
            if count == 0 {
                self.closed = true;
                return Ok(());
            }
            self.unframer.feed(&buffer[..count]);
            while let Some(command) = self.unframer.message::<Command>()? {
                self.enqueue(command)?;
            }
        }
        Ok(())
    }

    fn enqueue(&mut self, command: Command) -> Result<(), Ended> {
        if self.queue.push(command.clone()) == Ok(()) {
            return Ok(());
        }
        if let Command::Input(event) = &command {
            self.queue.shed(event.grant);
            return Ok(());
        }
        self.queue.push(command).map_err(|Full| Ended::Flooded)
    }

    /// One input through the gate, and everything that follows from it; or when that can be
    /// done.
    fn take(&mut self, input: Input) -> Result<Option<Instant>, Ended> {
        let mut later = None;
        let was_open = self.gate.is_open();
        let outputs = self.gate.handle(input, Instant::now());
        let is_open = self.gate.is_open();
        if is_open != was_open {
            self.watch.control(is_open)?;
        }
        for output in outputs {
            later = later.or(self.carry_out(output)?);
        }
        Ok(later)
    }

    fn carry_out(&mut self, output: Output) -> Result<Option<Instant>, Ended> {
        match self.actor.act(output) {
            Ok(Acted::Done) => Ok(None),
            Ok(Acted::Later(at)) => Ok(Some(at)),
            Ok(Acted::Tell(event)) => {
                tell(&event)?;
                Ok(None)
            }
            Err(error) => {
                // If all can be released, say so under the grant's own number before ending.
                if self.actor.release_all().is_ok() {
                    for output in self.gate.close(StopCause::Broken) {
                        if let Output::Tell(event) = output {
                            tell(&event)?;
                        }
                    }
                }
                Err(error.into())
            }
        }
    }

    /// Waits for devices, agent, desktop or time, whichever comes first.
    fn wait(&mut self) -> Result<(), Ended> {
        self.actor.desk_mut().refresh()?;
        let now = Instant::now();
        let tidy_at = self.actor.desk_mut().tidy_at();
        let wakes = [self.gate.wake(), tidy_at, self.not_before];
        let wake = wakes.into_iter().flatten().min();
        let timeout = wake.map(|at| timespec(at.saturating_duration_since(now)));
        {
            let stdin = io::stdin();
            let desk = self.actor.desk_mut().connection();
            let mut fds = [
                PollFd::from_borrowed_fd(stream(self.watch.connection()), PollFlags::IN),
                PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(stream(desk), PollFlags::IN),
            ];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Ended::Pipe(error.into())),
            }
        }
        let now = Instant::now();
        if tidy_at.is_some_and(|at| at <= now) {
            self.actor.desk_mut().tidy()?;
        }
        self.take(Input::Tick)?;
        Ok(())
    }
}

fn stream(connection: &RustConnection) -> std::os::fd::BorrowedFd<'_> {
    connection.stream().as_fd()
}

/// Whether a read would return at once, with bytes or with the end.
fn readable(stdin: &io::Stdin) -> Result<bool, io::Error> {
    let mut fds = [PollFd::new(stdin, PollFlags::IN)];
    match poll(&mut fds, Some(&Timespec::default())) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Tells the agent; events are few and small, so a full pipe means that nobody listens.
fn tell(event: &Event) -> Result<(), io::Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&wire::frame(event))?;
    stdout.flush()
}

fn timespec(duration: std::time::Duration) -> Timespec {
    // Rounded up to a millisecond, so that a deadline has really passed on waking.
    let duration = duration + std::time::Duration::from_millis(1);
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
