// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Snapshots.Streams;

/// <summary>What was received beside mounted PFSs.</summary>
/// <param name="Label">The label of the PFS.</param>
/// <param name="Without">The nodes that do not have it, or not all of it. The same stream, given again, goes on
/// there.</param>
public sealed record ReceivedStream(byte[] Label, IReadOnlyList<NodeWithout> Without);

/// <summary>A node that lacks what was received.</summary>
/// <param name="Name">The node.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record NodeWithout(string Name, string Reason);
