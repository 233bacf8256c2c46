// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>The host accepts no further mounts: its last one has ended, or it was stopped.</summary>
internal sealed class HostEndingException() : Exception("the process that serves this filesystem is ending");
