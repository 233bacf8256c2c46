// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>What a set of volumes is opened for.</summary>
/// <param name="IsReadOnly">Nothing will be written: defects that only matter to a writer become
/// notes.</param>
/// <param name="AcceptsShortDevices">Open although a device ends before its volume does, to save what can be
/// saved; needs <paramref name="IsReadOnly"/>. Blocks in the missing part answer Io.</param>
public sealed record VolumeSetOptions(bool IsReadOnly = true, bool AcceptsShortDevices = false);
