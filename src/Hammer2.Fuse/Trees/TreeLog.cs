// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Trees;

/// <summary>Messages about rollbacks of mounted PFSs.</summary>
internal static partial class TreeLog
{
    [LoggerMessage(170, LogLevel.Warning,
        "what programs wrote to open files could not be passed on before the rollback: {Failure}")]
    public static partial void WritesNotPassedOn(ILogger logger, string failure);

    [LoggerMessage(171, LogLevel.Warning,
        "after the rollback, some names in the root directory could not be read ({Error}); the kernel may show them as "
        + "they were until they are used")]
    public static partial void NamesNotInvalidated(ILogger logger, Hammer2Error error);
}
