// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster;

/// <summary>A PFS cannot be opened: unknown or ambiguous label, damaged root, no quorum. The message is
/// for the user and names the devices.</summary>
public class PfsException(string message) : Exception(message);

/// <summary>A PFS can be read and not be written: too few masters, or a freemap that cannot be read.</summary>
public sealed class PfsNotWritableException(string message) : PfsException(message);
