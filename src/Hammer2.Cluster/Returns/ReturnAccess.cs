// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Returns;

/// <summary>How the devices of nodes that return are opened.</summary>
/// <param name="Media">Access and locks, as for the mount.</param>
/// <param name="Loggers">Receive messages.</param>
internal sealed record ReturnAccess(MediaSourceOptions Media, ILoggerFactory Loggers);
