// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>A record of a stream, verified, that several nodes use.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Payload">Its payload.</param>
/// <param name="Before">Where the stream is before it.</param>
/// <param name="After">Where it is behind it.</param>
internal sealed record GatheredRecord(
    StreamRecordType Type, byte[] Payload, ReceivingPosition Before, ReceivingPosition After);
