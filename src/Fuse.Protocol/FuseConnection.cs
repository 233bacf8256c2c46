// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>What INIT settled between the kernel and this server.</summary>
/// <param name="KernelMinor">Minor protocol version of the kernel, 31 (Linux 5.4) or more.</param>
/// <param name="Minor">Minor version spoken: the lesser of the kernel's and ours.</param>
/// <param name="Offered">Features the kernel has.</param>
/// <param name="Enabled">Features in use: wanted and offered.</param>
/// <param name="MaxWriteBytes">Longest WRITE.</param>
/// <param name="MaxReadBytes">Longest READ.</param>
/// <param name="MaxReadAheadBytes">Read-ahead agreed in INIT; the mount's own setting may be larger.</param>
public sealed record FuseConnection(
    uint KernelMinor,
    uint Minor,
    FuseInitFlags Offered,
    FuseInitFlags Enabled,
    int MaxWriteBytes,
    int MaxReadBytes,
    int MaxReadAheadBytes)
{
    /// <summary>True when every one of <paramref name="features"/> is in use.</summary>
    public bool Has(FuseInitFlags features) => (Enabled & features) == features;
}
