//! What holds whatever happens in whatever order.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Request,
    Answer(u8),
    Opened(u32),
    Closed(u32),
    Fault,
    Ready,
    Stop,
    Release(u32),
    Input(u32),
    Pass(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Request),
        (0u8..3).prop_map(Step::Answer),
        (0u32..6).prop_map(Step::Opened),
        (0u32..6).prop_map(Step::Closed),
        Just(Step::Fault),
        Just(Step::Ready),
        Just(Step::Stop),
        (0u32..6).prop_map(Step::Release),
        (0u32..6).prop_map(Step::Input),
        (0u8..40).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens in whatever order: an event goes to the hand only between a yes and
    /// the next stop, and only under the number of that yes.
    #[test]
    fn no_event_is_ever_forwarded_outside_a_live_grant(steps in proptest::collection::vec(step(), 1..60)) {
        let mut scene = Scene::new();
        scene.viewing();
        let mut live: Option<GrantId> = None;
        for step in steps {
            scene.out.clear();
            match step {
                Step::Request => scene.peer(PeerEvent::Control(FromExpert::RequestControl)),
                Step::Answer(which) => if let Some(prompt) = scene.desk.view().prompt {
                    let answer = [Answer::Allow, Answer::Refuse, Answer::Allow][usize::from(which)];
                    scene.novice(Intent::Answer { prompt: prompt.id, answer });
                },
                Step::Opened(n) => scene.input(Input::Hand(HandEvent::Opened(GrantId(n)))),
                Step::Closed(n) => scene.input(Input::Hand(HandEvent::Closed {
                    grant: GrantId(n),
                    cause: StopCause::Escape,
                })),
                Step::Fault => scene.input(Input::Hand(HandEvent::Fault("gone".into()))),
                Step::Ready => scene.input(Input::Hand(HandEvent::Ready)),
                Step::Stop => scene.novice(Intent::StopControl),
                Step::Release(n) => {
                    scene.peer(PeerEvent::Control(FromExpert::ReleaseControl(GrantId(n))));
                }
                Step::Input(n) => {
                    scene.key(GrantId(n));
                    let allowed = usize::from(live == Some(GrantId(n)));
                    prop_assert_eq!(scene.forwarded(), allowed);
                }
                Step::Pass(secs) => scene.pass(Duration::from_secs(secs.into())),
            }
            for output in &scene.out {
                match output {
                    Output::Peer(PeerCommand::Control(FromNovice::Granted(n))) => live = Some(*n),
                    Output::Peer(PeerCommand::Control(FromNovice::Stopped { .. })) => live = None,
                    _ => {}
                }
            }
        }
    }
}
