// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>How a set of volumes is opened.</summary>
/// <param name="IsReadOnly">Nothing will be written: faults that only matter to a writer become warnings.</param>
/// <param name="AcceptsShortDevices">Open a device that is shorter than its volume, to rescue data; needs
/// <paramref name="IsReadOnly"/>. Reads of blocks in the missing part return Io.</param>
public sealed record VolumeSetOptions(bool IsReadOnly = true, bool AcceptsShortDevices = false);
