// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Snapshots.Streams;

/// <summary>A stream that cannot be made, or that is not received; the message says why, for a person.</summary>
public sealed class StreamException(string message) : Exception(message);
