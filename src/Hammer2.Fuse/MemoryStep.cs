// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>An action of the daemon to limit its memory.</summary>
internal enum MemoryStep
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Collects garbage beside the running requests.</summary>
    Collect,

    /// <summary>Collects garbage and moves objects together; requests wait for some ten milliseconds.</summary>
    Compact,

    /// <summary>Collects garbage and returns free memory to the system; requests wait for some ten milliseconds.
    /// </summary>
    Trim,
}
