// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>How far the last scrub of a filesystem came.</summary>
public enum ScrubState : uint
{
    /// <summary>There was none.</summary>
    None,

    /// <summary>It goes on, in this mount or the next one.</summary>
    Running,

    /// <summary>An administrator stopped it: it goes on when it is started.</summary>
    Stopped,

    /// <summary>It came to the end.</summary>
    Finished,
}
