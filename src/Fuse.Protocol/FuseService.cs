// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>What the requests of one connection are served with.</summary>
/// <param name="FileSystem">The filesystem.</param>
/// <param name="Connection">The result of INIT.</param>
/// <param name="Interrupts">The requests in progress and their interrupts.</param>
/// <param name="Destroy">Runs the DESTROY callback of the filesystem, only once; throws nothing.</param>
internal sealed record FuseService(
    IFuseFileSystem FileSystem, FuseConnection Connection, FuseInterrupts Interrupts, Action Destroy);
