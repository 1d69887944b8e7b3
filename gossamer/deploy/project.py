"""Files by which other build systems find a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.deploy.ports import Interface

_CMAKE = """\
# add_subdirectory this folder, then target_link_libraries(yours PRIVATE {name}).

cmake_minimum_required(VERSION 3.13)
project({name} C)

add_library({name} STATIC IMPORTED GLOBAL)
set_target_properties({name} PROPERTIES
    IMPORTED_LOCATION ${{CMAKE_CURRENT_SOURCE_DIR}}/lib{name}.a
    INTERFACE_INCLUDE_DIRECTORIES ${{CMAKE_CURRENT_SOURCE_DIR}})

if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    add_executable({name}_example main.c)
    target_link_libraries({name}_example PRIVATE {name})
endif()
"""

_PACKAGE_CONFIG = """\
prefix=${{pcfiledir}}

Name: {name}
Description: a neural network for {target}
Version: 1
Cflags: -I${{prefix}}
Libs: ${{prefix}}/lib{name}.a
"""


def cmake(interface: Interface) -> str:
    """A `CMakeLists.txt` that offers the static library."""
    return _CMAKE.format(name=interface.name)


def package_config(interface: Interface) -> str:
    """A `.pc` file that works wherever the folder is."""
    return _PACKAGE_CONFIG.format(name=interface.name, target=interface.target)
