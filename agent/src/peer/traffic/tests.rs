use std::time::Duration;

use ::rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusVectorChunk, SymbolTypeTcc,
};

use super::*;

const MS: Duration = Duration::from_millis(1);

#[test]
fn padding_of_feedback_says_nothing() {
    let feedback = TransportLayerCc {
        base_sequence_number: 10,
        packet_status_count: 3,
        reference_time: 1,
        packet_chunks: vec![
            PacketStatusChunk::RunLengthChunk(RunLengthChunk {
                packet_status_symbol: SymbolTypeTcc::PacketReceivedSmallDelta,
                run_length: 1,
                ..RunLengthChunk::default()
            }),
            PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
                symbol_list: [
                    vec![
                        SymbolTypeTcc::PacketNotReceived,
                        SymbolTypeTcc::PacketReceivedWithoutDelta,
                    ],
                    vec![SymbolTypeTcc::PacketNotReceived; 12],
                ]
                .concat(),
                ..StatusVectorChunk::default()
            }),
        ],
        recv_deltas: vec![RecvDelta {
            delta: 250,
            ..RecvDelta::default()
        }],
        ..TransportLayerCc::default()
    };
    let arrived = Report {
        number: 10,
        arrival: Some(64 * MS + Duration::from_micros(250)),
    };
    let lost = Report {
        number: 11,
        arrival: None,
    };
    assert_eq!(reports(&feedback), [arrived, lost]);
}
