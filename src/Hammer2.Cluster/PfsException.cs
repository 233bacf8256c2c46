// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster;

/// <summary>A PFS cannot be opened: unknown or ambiguous label, damaged root, no quorum. The message is
/// for the user and names the devices.</summary>
public sealed class PfsException(string message) : Exception(message);
