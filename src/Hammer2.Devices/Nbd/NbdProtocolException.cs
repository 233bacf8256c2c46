// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices.Nbd;

/// <summary>A server broke the protocol, refused what was asked for, or cannot be reached. Only opening a device
/// throws it; <see cref="NbdBlockDevice.Open"/> adds the name of the server.</summary>
/// <param name="message">What the server did.</param>
/// <param name="cause">The reason; null when the server's bytes are.</param>
internal sealed class NbdProtocolException(string message, Exception? cause = null) : Exception(message, cause);
